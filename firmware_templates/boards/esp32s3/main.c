/*
 * ESP32-S3: fills the port (core/ww_port.h) and runs the application.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "clock.h"
#include "uart.h"
#include "usb.h"
#include "ww_app.h"

enum { CONSOLE_BAUD = 115200 };

/* Answers go where the last command came from; before the first, everywhere. */
enum console { CONSOLE_ALL, CONSOLE_UART, CONSOLE_USB };

static enum console console;

/*
 * Where an emulator without an ESP32-S3's peripherals finds what it must stand in for: it answers calls of the UART's
 * two functions and lets time pass. On silicon nobody reads this.
 */
struct board_table {
    char magic[8];
    size_t (*console_read)(uint8_t *bytes, size_t max);
    void (*console_write)(const uint8_t *bytes, size_t count);
    void (*fault)(uint32_t cause, uint32_t pc, uint32_t address);
    volatile uint32_t *micros;
};

__attribute__((section(".board_table"), used)) static const struct board_table board_table = {
    .magic = {'W', 'W', 'B', 'O', 'A', 'R', 'D', '1'},
    .console_read = uart_read,
    .console_write = uart_write,
    .fault = board_fault,
    .micros = &clock_micros_total,
};

static size_t port_console_read(void *context, uint8_t *bytes, size_t max)
{
    (void)context;
    size_t count = usb_read(bytes, max);
    if (count > 0) {
        console = CONSOLE_USB;
        return count;
    }
    count = uart_read(bytes, max);
    if (count > 0) {
        console = CONSOLE_UART;
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

static uint32_t port_micros(void *context)
{
    (void)context;
    return clock_micros();
}

static uint32_t port_cycles(void *context)
{
    (void)context;
    return clock_cycles();
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

static void port_idle(void *context)
{
    (void)context;
    (void)clock_micros(); /* before CCOUNT wraps; the console is polled, so there is no sleep */
}

static const struct ww_port port = {
    .board = "esp32s3",
    .console_read = port_console_read,
    .console_write = port_console_write,
    .console_set_baud = port_console_set_baud,
    .micros = port_micros,
    .cycles = port_cycles,
    .indicate = port_indicate,
    .stack_high_water = port_stack_high_water,
    .idle = port_idle,
};

int main(void)
{
    board_init();
    clock_init();
    uart_init(CONSOLE_BAUD);
    ww_app_run(&port, &ww_program);
    return 0;
}
