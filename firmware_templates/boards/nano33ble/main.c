/*
 * Arduino Nano 33 BLE Sense: fills the port (core/ww_port.h) and runs the application.
 *
 * The console is UARTE0 alone. A second one, on the chip's USB, would be read and written in port_console_read and
 * port_console_write, as boards/pico/main.c does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "pdm.h"
#include "startup.h"
#include "system.h"
#include "uart.h"
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

static size_t port_audio_read(void *context, int16_t *samples, size_t max)
{
    (void)context;
    return pdm_read(samples, max);
}

static void port_audio_enable(void *context, bool on)
{
    (void)context;
    pdm_enable(on);
}

static uint32_t port_audio_overruns(void *context)
{
    (void)context;
    return pdm_overruns();
}

static uint32_t port_micros(void *context)
{
    (void)context;
    return system_micros();
}

static uint32_t port_cycles(void *context)
{
    (void)context;
    return system_cycles();
}

static void port_indicate(void *context, bool on)
{
    (void)context;
    board_led(on);
}

static uint32_t port_stack_high_water(void *context)
{
    (void)context;
    return stack_high_water_bytes();
}

static void port_keep_alive(void *context)
{
    (void)context;
    watchdog_feed();
}

static bool work_waiting(void)
{
    return uart_waiting() || pdm_waiting();
}

static void port_idle(void *context)
{
    (void)context;
    watchdog_feed();
    system_sleep_unless(work_waiting);
}

static const struct ww_port port = {
    .board = "nano33ble",
    .console_read = port_console_read,
    .console_write = port_console_write,
    .console_set_baud = port_console_set_baud,
    .audio_read = port_audio_read,
    .audio_enable = port_audio_enable,
    .audio_overruns = port_audio_overruns,
    .micros = port_micros,
    .cycles = port_cycles,
    .indicate = port_indicate,
    .stack_high_water = port_stack_high_water,
    .keep_alive = port_keep_alive,
    .idle = port_idle,
};

int main(void)
{
    board_init();
    uart_init(CONSOLE_BAUD);
    pdm_init();
    system_init();
    ww_app_run(&port, &ww_program);
    return 0;
}
