/*
 * Ends what a boot loader, or a program before this one, has left running.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_TAKEOVER_H
#define NANO33BLE_TAKEOVER_H

/* To be called with interrupts off, before variables have their values: what still runs could write into them. */
void take_over(void);

#endif /* NANO33BLE_TAKEOVER_H */
