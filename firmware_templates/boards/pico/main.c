/*
 * Raspberry Pi Pico: fills the port (core/ww_port.h) and runs the application.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "adc.h"
#include "board.h"
#include "clocks.h"
#include "startup.h"
#include "system.h"
#include "uart.h"
#include "usb.h"
#include "ww_app.h"

enum { CONSOLE_BAUD = 115200 };

/* Answers go where the last command came from; before the first, everywhere. */
enum console { CONSOLE_ALL, CONSOLE_UART, CONSOLE_USB };

static enum console console;

static size_t port_console_read(void *context, uint8_t *bytes, size_t max)
{
    (void)context;
    size_t count = uart_read(bytes, max);
    if (count > 0) {
        console = CONSOLE_UART;
        return count;
    }
    count = usb_read(bytes, max);
    if (count > 0) {
        console = CONSOLE_USB;
    }
    return count;
}

static void port_console_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    if (console != CONSOLE_USB) {
        uart_write(bytes, count);
    }
    if (console != CONSOLE_UART) {
        usb_write(bytes, count);
    }
}

static bool port_console_set_baud(void *context, uint32_t baud)
{
    (void)context;
    return console == CONSOLE_USB || uart_set_baud(baud);
}

static size_t port_audio_read(void *context, int16_t *samples, size_t max)
{
    (void)context;
    return adc_read(samples, max);
}

static void port_audio_enable(void *context, bool on)
{
    (void)context;
    adc_enable(on);
}

static uint32_t port_audio_overruns(void *context)
{
    (void)context;
    return adc_overruns();
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
    return uart_waiting() || usb_waiting() || adc_waiting();
}

static void port_idle(void *context)
{
    (void)context;
    watchdog_feed();
    if (usb_bootsel_wanted()) {
        system_reboot_to_bootsel();
    }
    system_sleep_unless(work_waiting);
}

static const struct ww_port port = {
    .board = "pico",
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
    clocks_init();
    board_init();
    uart_init(CONSOLE_BAUD);
    usb_init();
    adc_init();
    system_init();
    ww_app_run(&port, &ww_program);
    return 0;
}
