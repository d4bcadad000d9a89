/*
 * The watchdog. See watchdog.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "watchdog.h"

#include "esp32s3.h"

enum {
    TIMER_GROUPS = 2,
    TICKS_A_MS = 136, /* of RTC_SLOW_CLK (TRM, "Reset and Clock": RC_SLOW_CLK, 136 kHz) */
};

/* Reset causes (TRM, "Reset and Clock", "Reset Source"; ESP-IDF, soc/reset_reasons.h). */
enum {
    POWER_ON = 0x01,
    SOFTWARE = 0x03,
    RTC_WATCHDOG = 0x09,
    SOFTWARE_CORE = 0x0C,
    RTC_WATCHDOG_CORE = 0x0D,
    BROWN_OUT = 0x0F,
    RTC_WATCHDOG_ALL = 0x10, /* the RTC domain as well, and the mark in it */
    USB_UART = 0x15,
    USB_JTAG = 0x16,
};

void watchdog_feed(void)
{
    RTC_WDT_PROTECT = WDT_KEY;
    RTC_WDT_FEED = RTC_WDT_FEED_NOW;
    RTC_WDT_PROTECT = 0;
}

/* The first stage resets all but the RTC domain, which keeps reason and mark; if that does not help, the second all. */
static void start(uint32_t patience_ms)
{
    const uint32_t doublings = 1u + EFUSE_WDT_DELAY(EFUSE_RD_REPEAT_DATA1); /* of the first stage's time */

    RTC_WDT_PROTECT = WDT_KEY;
    RTC_WDT_CONFIG0 = 0;
    RTC_WDT_STAGE0_HOLD = patience_ms * TICKS_A_MS >> doublings;
    RTC_WDT_STAGE1_HOLD = patience_ms * TICKS_A_MS;
    RTC_WDT_FEED = RTC_WDT_FEED_NOW;
    RTC_WDT_CONFIG0 = RTC_WDT_ENABLE | RTC_WDT_STAGE0(RTC_WDT_RESETS_SYSTEM) | RTC_WDT_STAGE1(RTC_WDT_RESETS_ALL) |
                      RTC_WDT_RESET_LENGTHS | RTC_WDT_PAUSE_IN_SLEEP;
    RTC_WDT_PROTECT = 0;
}

/* The super watchdog can only be set to feed itself. */
void watchdog_init(uint32_t patience_ms)
{
    start(patience_ms);
    RTC_SWD_PROTECT = RTC_SWD_KEY;
    RTC_SWD_CONF |= RTC_SWD_CONF_AUTO_FEED;
    RTC_SWD_PROTECT = 0;
    for (uint32_t group = 0; group < TIMER_GROUPS; group++) {
        TIMG_WDT_PROTECT(group) = WDT_KEY;
        TIMG_WDT_CONFIG0(group) = 0;
        TIMG_WDT_PROTECT(group) = 0;
    }
}

void watchdog_mark(uint32_t mark)
{
    RTC_STORE0 = mark;
}

const char *watchdog_reason(uint32_t *code)
{
    *code = RTC_RESET_CAUSE(RTC_RESET_STATE);
    switch (*code) {
    case POWER_ON:
        return "power-on";
    case SOFTWARE:
    case SOFTWARE_CORE:
        return "software";
    case RTC_WATCHDOG:
    case RTC_WATCHDOG_CORE:
    case RTC_WATCHDOG_ALL:
        return "watchdog";
    case BROWN_OUT:
        return "brown-out";
    case USB_UART:
    case USB_JTAG:
        return "usb";
    default:
        return "other";
    }
}

bool watchdog_ended(uint32_t mark)
{
    const uint32_t cause = RTC_RESET_CAUSE(RTC_RESET_STATE);
    const bool kept = (cause == RTC_WATCHDOG || cause == RTC_WATCHDOG_CORE) && RTC_STORE0 == mark;
    return kept || cause == RTC_WATCHDOG_ALL;
}
