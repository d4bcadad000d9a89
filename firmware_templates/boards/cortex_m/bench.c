/*
 * What tests of the board may use (bare.h), where a board's link.ld says it: code_begin, code_end, bss_end and ram_end.
 * Without them these tests answer that they cannot be done.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"

extern uint32_t code_begin __attribute__((weak)), code_end __attribute__((weak));
extern uint32_t bss_end __attribute__((weak)), ram_end __attribute__((weak));

const struct ww_bench board_bench = {
    .free = {&bss_end, &ram_end},
    .code = {&code_begin, &code_end},
    .has_watchdog = true,
};
