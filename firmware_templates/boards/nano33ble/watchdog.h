/*
 * The watchdog, and the two resets that have to do with it: the last one, and the one into the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_WATCHDOG_H
#define NANO33BLE_WATCHDOG_H

void watchdog_init(void);

/* Does not return. */
void restart_in_boot_loader(void);

#endif /* NANO33BLE_WATCHDOG_H */
