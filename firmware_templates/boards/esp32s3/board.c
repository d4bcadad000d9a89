/*
 * Pins, watchdogs, stack, faults. See board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <stddef.h>

#include "esp32s3.h"

extern uint32_t stack_bottom, stack_top; /* link.ld */

#define STACK_PAINT 0xC5C5C5C5u /* start.S */

enum { IO_MUX_UART = 0, IO_MUX_GPIO = 1, TIMER_GROUPS = 2 };

/* The RTC watchdog, the super watchdog (which can only be set to feed itself) and one in each timer group. */
static void stop_watchdogs(void)
{
    RTC_WDT_PROTECT = WDT_KEY;
    RTC_WDT_CONFIG0 = 0;
    RTC_WDT_PROTECT = 0;
    RTC_SWD_PROTECT = RTC_SWD_KEY;
    RTC_SWD_CONF |= RTC_SWD_CONF_AUTO_FEED;
    RTC_SWD_PROTECT = 0;
    for (uint32_t group = 0; group < TIMER_GROUPS; group++) {
        TIMG_WDT_PROTECT(group) = WDT_KEY;
        TIMG_WDT_CONFIG0(group) = 0;
        TIMG_WDT_PROTECT(group) = 0;
    }
}

void board_init(void)
{
    stop_watchdogs();
    board_indicate(false);
    GPIO_OUT_SELECT(PIN_INDICATOR) = GPIO_OUT_SELECT_GPIO;
    IO_MUX(PIN_INDICATOR) = IO_MUX_FUNCTION(IO_MUX_GPIO) | IO_MUX_DRIVE_20MA;
    GPIO_ENABLE_SET = 1u << PIN_INDICATOR;
    IO_MUX(PIN_UART_TX) = IO_MUX_FUNCTION(IO_MUX_UART) | IO_MUX_DRIVE_20MA;
    IO_MUX(PIN_UART_RX) = IO_MUX_FUNCTION(IO_MUX_UART) | IO_MUX_INPUT | IO_MUX_PULL_UP; /* an open line is idle */
}

void board_indicate(bool on)
{
    if (on) {
        GPIO_OUT_SET = 1u << PIN_INDICATOR;
    } else {
        GPIO_OUT_CLEAR = 1u << PIN_INDICATOR;
    }
}

uint32_t board_stack_high_water(void)
{
    const volatile uint32_t *word = &stack_bottom;
    while (word < &stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)&stack_top - (uintptr_t)word);
}

void board_fault(uint32_t cause, uint32_t pc, uint32_t address)
{
    (void)cause; /* for a debugger */
    (void)pc;
    (void)address;
    board_indicate(true);
    RTC_OPTIONS0 |= RTC_OPTIONS0_RESET;
    for (;;) {
    }
}
