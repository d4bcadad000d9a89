/*
 * The watchdog in the RTC domain, which counts by an oscillator of its own; and the reason of the last reset.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_WATCHDOG_H
#define ESP32S3_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* Stops the watchdogs that the ROM has started. From now on the RTC's resets the chip if it is not fed for so long. */
void watchdog_init(uint32_t patience_ms);
void watchdog_feed(void);

/* A mark that a reset by the watchdog leaves alone: what the program was doing then. */
void watchdog_mark(uint32_t mark);

/* Why the chip started, in words; and whether a watchdog has ended the program that had set this mark. */
const char *watchdog_reason(uint32_t *code);
bool watchdog_ended(uint32_t mark);

#endif /* ESP32S3_WATCHDOG_H */
