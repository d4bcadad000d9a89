/*
 * Time, watchdog and sleep (bare.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_SYSTEM_H
#define NANO33BLE_SYSTEM_H

/* Starts the microsecond timer, the cycle counter and the watchdog. */
void system_init(void);

void system_timer_handler(void);

#endif /* NANO33BLE_SYSTEM_H */
