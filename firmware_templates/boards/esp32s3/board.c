/*
 * Indicator, stack, facts, and the order in which the parts start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "bare.h"
#include "board_config.h"
#include "clock.h"
#include "esp32s3.h"
#include "flash.h"
#include "gpio.h"
#include "microphone.h"
#include "sleep.h"
#include "uart.h"
#include "usb.h"
#include "watchdog.h"

const char board_name[] = "esp32s3";

extern uint32_t code_begin, code_end, ram_end; /* link.ld, at the addresses of data */

const struct ww_bench board_bench = {
    .free = {&stack_top, &ram_end},
    .code = {&code_begin, &code_end},
    .has_watchdog = true,
};

#define STACK_PAINT 0xC5C5C5C5u /* start.S */

enum {
    PATIENCE_MS = 4000, /* of the watchdog: longer than the start and than the longest turn of the main loop */
    FEED_US = 100000,
    SWITCHING_CLOCKS = 0x57574331, /* a mark of the watchdog's */
};

static uint32_t fed_us;

static struct ww_fact facts[] = {
    {"reset", NULL, 0},
    {"reset_code", NULL, 0},
    {"clock_khz", NULL, 0},
    {"pll_khz", NULL, 0},
    {"clock_khz_expected", NULL, CORE_MHZ * 1000u},
};

const struct ww_fact *board_facts(size_t *count)
{
    *count = sizeof facts / sizeof facts[0];
    return facts;
}

void board_indicate(bool on)
{
    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {
        gpio_write(BOARD_PIN_INDICATOR, on == (BOARD_INDICATOR_IS_LOW == 0));
    }
}

/* A clock that hangs the core ends with a reset by the watchdog. After that the core stays on the crystal. */
static void start_clock(void)
{
    const bool try_pll = !watchdog_ended(SWITCHING_CLOCKS);

    watchdog_mark(SWITCHING_CLOCKS);
    const struct clock_report report = clock_init(try_pll);
    watchdog_mark(0);
    facts[2].number = report.core_khz;
    facts[3].number = report.pll_khz;
}

static const uint8_t hello[] = {'>', '\r', '\n'};

/*
 * The first byte shows that the program runs; both consoles are as the ROM has used them. The indicator is on from the
 * start, before any detection, if the microphone's codec does not answer.
 */
void board_start(uint32_t console_baud)
{
    watchdog_init(PATIENCE_MS);
    uart_write(hello, sizeof hello);
    usb_write(hello, sizeof hello);
    facts[0].text = watchdog_reason(&facts[1].number);
    uart_drain();
    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {
        gpio_output(BOARD_PIN_INDICATOR, BOARD_INDICATOR_IS_LOW != 0);
    }
    start_clock();
    flash_map();
    uart_init(console_baud);
    board_indicate(!microphone_init());
    sleep_init();
}

uint32_t board_micros(void)
{
    return clock_micros();
}

uint32_t board_cycles(void)
{
    return clock_cycles();
}

/* Time must be counted before CCOUNT wraps, too. */
void board_keep_alive(void)
{
    const uint32_t now = clock_micros();
    if (now - fed_us >= FEED_US) {
        fed_us = now;
        watchdog_feed();
    }
}

void board_idle(void)
{
    board_keep_alive();
    (void)sleep_clear();
    if (clock_can_wait() && !uart_waiting() && !usb_waiting() && !microphone_waiting()) {
        clock_wait_for_interrupt();
        sleep_adapt(sleep_clear());
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
