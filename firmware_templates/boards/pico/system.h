/*
 * Time, watchdog, sleep (bare.h), and the way back into the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_SYSTEM_H
#define PICO_SYSTEM_H

/* Starts the cycle counter and the watchdog. */
void system_init(void);

/* Restarts as a USB drive that takes .uf2 files. */
void system_reboot_to_bootsel(void);

void systick_handler(void);

#endif /* PICO_SYSTEM_H */
