/*
 * Time and sleep (bare.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_SYSTEM_H
#define NANO33BLE_SYSTEM_H

/* Starts the microsecond timer and the cycle counter. */
void system_init(void);

void system_timer_handler(void);

#endif /* NANO33BLE_SYSTEM_H */
