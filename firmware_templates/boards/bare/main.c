/*
 * Fills the port (core/ww_port.h) with a board's functions (bare.h) and runs the application.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"
#include "ww_app.h"

enum { CONSOLE_BAUD = 115200 };

/* Answers go to the console of the last command; before the first command, to all consoles. */
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
    return microphone_read(samples, max);
}

static void port_audio_enable(void *context, bool on)
{
    (void)context;
    microphone_enable(on);
}

static uint32_t port_audio_overruns(void *context)
{
    (void)context;
    return microphone_overruns();
}

static uint32_t port_micros(void *context)
{
    (void)context;
    return board_micros();
}

static uint32_t port_cycles(void *context)
{
    (void)context;
    return board_cycles();
}

static const struct ww_fact *port_facts(void *context, size_t *count)
{
    (void)context;
    return board_facts(count);
}

static void port_indicate(void *context, bool on)
{
    (void)context;
    board_indicate(on);
}

static uint32_t port_stack_high_water(void *context)
{
    (void)context;
    return board_stack_high_water();
}

static void port_keep_alive(void *context)
{
    (void)context;
    board_keep_alive();
}

static void port_idle(void *context)
{
    (void)context;
    board_idle();
}

static const struct ww_port port = {
    .board = board_name,
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
    .facts = port_facts,
    .bench = &board_bench,
    .keep_alive = port_keep_alive,
    .idle = port_idle,
};

int main(void)
{
    board_start(CONSOLE_BAUD);
    ww_app_run(&port, &ww_program);
    return 0;
}
