/*
 * Adafruit Feather STM32F405 Express: fills the port (core/ww_port.h) and runs the application.
 *
 * The board has no microphone: audio_read and its two companions stay NULL, and the console brings the audio. For one
 * on an ADC or I2S pin, hand the samples of a DMA ring to these three.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"
#include "board.h"
#include "ww_app.h"

enum { CONSOLE_BAUD = 115200 };

static size_t port_console_read(void *context, uint8_t *bytes, size_t max)
{
    (void)context;
    return uart_read(bytes, max);
}

static void port_console_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    uart_write(bytes, count);
}

static bool port_console_set_baud(void *context, uint32_t baud)
{
    (void)context;
    return uart_set_baud(baud);
}

static uint32_t port_micros(void *context)
{
    (void)context;
    return micros();
}

static uint32_t port_cycles(void *context)
{
    (void)context;
    return cycles();
}

static void port_indicate(void *context, bool on)
{
    (void)context;
    led(on);
}

static uint32_t port_stack_high_water(void *context)
{
    (void)context;
    return board_stack_high_water();
}

static void port_keep_alive(void *context)
{
    (void)context;
    watchdog_feed();
}

static void port_idle(void *context)
{
    (void)context;
    watchdog_feed();
    sleep_until_interrupt();
}

static const struct ww_port port = {
    .board = "feather_stm32f405",
    .console_read = port_console_read,
    .console_write = port_console_write,
    .console_set_baud = port_console_set_baud,
    .micros = port_micros,
    .cycles = port_cycles,
    .indicate = port_indicate,
    .stack_high_water = port_stack_high_water,
    .keep_alive = port_keep_alive,
    .idle = port_idle,
};

int main(void)
{
    system_init();
    uart_init(CONSOLE_BAUD);
    ww_app_run(&port, &ww_program);
    return 0;
}
