/*
 * Why the board started (bare.h), and whether its crystal runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"
#include "nrf52840.h"

/* Bits add up over resets, so that the first one that fits the worst case counts. Bit 0 is the reset button. */
static const char *reason_of(uint32_t bits)
{
    if ((bits & POWER_RESETREAS_WATCHDOG) != 0) {
        return "watchdog";
    }
    if ((bits & POWER_RESETREAS_LOCKUP) != 0) {
        return "lockup";
    }
    if ((bits & POWER_RESETREAS_SOFTWARE) != 0) {
        return "software";
    }
    return (bits & POWER_RESETREAS_BUTTON) != 0 ? "button" : bits == 0 ? "power-on" : "other";
}

static struct ww_fact facts[] = {{"reset", NULL, 0}, {"reset_code", NULL, 0}, {"crystal", NULL, 0}};

const struct ww_fact *board_facts(size_t *count)
{
    if (facts[0].text == NULL) {
        facts[1].number = *POWER_RESETREAS;
        facts[0].text = reason_of(facts[1].number);
        *POWER_RESETREAS = facts[1].number; /* written 1 to clear, for the next reset */
        facts[2].text = (*CLOCK_HFCLKSTAT & CLOCK_HFCLKSTAT_CRYSTAL) == CLOCK_HFCLKSTAT_CRYSTAL ? "runs" : "broken";
    }
    *count = sizeof facts / sizeof facts[0];
    return facts;
}
