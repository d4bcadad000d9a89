/*
 * The handler of exceptions. See board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"
#include "board.h"
#include "esp32s3.h"
#include "uart.h"

enum { STACK_WORDS = 8, DIGITS = 8 };

static void put(const char *text, size_t count)
{
    uart_write((const uint8_t *)text, count);
    usb_write((const uint8_t *)text, count);
}

static void put_hex(uint32_t value)
{
    char text[DIGITS + 1];

    text[0] = ' ';
    for (size_t i = DIGITS; i > 0; i--) {
        text[i] = "0123456789abcdef"[value & 15u];
        value >>= 4;
    }
    put(text, sizeof text);
}

/* "ww-fault-[ CAUSE PC ADDRESS STACK ...]" in hex. A fault in here does not come back: see start.S. */
void board_fault(uint32_t cause, uint32_t pc, uint32_t address, const uint32_t *stack)
{
    static const char before[] = "\r\nww-fault-[";

    board_indicate(true);
    put(before, sizeof before - 1);
    put_hex(cause);
    put_hex(pc);
    put_hex(address);
    for (size_t i = 0; i < STACK_WORDS && stack >= &stack_bottom && stack < &stack_top; i++) {
        put_hex(*stack++);
    }
    put("]\r\n", 3);
    uart_drain();
    RTC_OPTIONS0 |= RTC_OPTIONS0_RESET;
    for (;;) {
    }
}
