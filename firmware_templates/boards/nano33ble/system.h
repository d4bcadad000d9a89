/*
 * Time, watchdog and sleep.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_SYSTEM_H
#define NANO33BLE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the microsecond timer, the cycle counter and the watchdog. */
void system_init(void);

uint32_t system_micros(void);

/* Core cycles, not counted while the core sleeps; where the core's counter stands still, the timer times 64. */
uint32_t system_cycles(void);

void watchdog_feed(void);

/* Sleeps until an interrupt unless work_waiting(), which is asked with interrupts off, says there is something. */
void system_sleep_unless(bool (*work_waiting)(void));

void system_timer_handler(void);

#endif /* NANO33BLE_SYSTEM_H */
