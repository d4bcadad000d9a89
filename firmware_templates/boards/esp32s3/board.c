/*
 * Indicator, watchdogs, stack, faults, and the order in which the parts start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "bare.h"
#include "board_config.h"
#include "clock.h"
#include "esp32s3.h"
#include "gpio.h"
#include "microphone.h"
#include "uart.h"

const char board_name[] = "esp32s3";

extern uint32_t stack_bottom, stack_top; /* link.ld */

#define STACK_PAINT 0xC5C5C5C5u /* start.S */

enum { TIMER_GROUPS = 2 };

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

void board_indicate(bool on)
{
    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {
        gpio_write(BOARD_PIN_INDICATOR, on == (BOARD_INDICATOR_IS_LOW == 0));
    }
}

/* The indicator is on from the start, before any detection, if the microphone's codec does not answer. */
void board_start(uint32_t console_baud)
{
    stop_watchdogs();
    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {
        gpio_output(BOARD_PIN_INDICATOR, BOARD_INDICATOR_IS_LOW != 0);
    }
    clock_init();
    uart_init(console_baud);
    board_indicate(!microphone_init());
}

uint32_t board_micros(void)
{
    return clock_micros();
}

uint32_t board_cycles(void)
{
    return clock_cycles();
}

/* There is no watchdog to feed and no interrupt to wait for, but time must be counted before CCOUNT wraps. */
void board_keep_alive(void)
{
    (void)clock_micros();
}

void board_idle(void)
{
    (void)clock_micros();
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

extern uint32_t code_begin, code_end, ram_end; /* link.ld, at the addresses of data */

const struct ww_bench board_bench = {
    .free = {&stack_top, &ram_end},
    .code = {&code_begin, &code_end},
    .has_watchdog = false,
};

const struct ww_fact *board_facts(size_t *count)
{
    *count = 0;
    return NULL;
}
