/*
 * Time, watchdog, sleep, and the way back into the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_SYSTEM_H
#define PICO_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the cycle counter and the watchdog. */
void system_init(void);

uint32_t system_micros(void);
uint32_t system_cycles(void);

void watchdog_feed(void);

/* Sleeps until an interrupt unless work_waiting(), which is asked with interrupts off, says there is something. */
void system_sleep_unless(bool (*work_waiting)(void));

/* Restarts as a USB drive that takes .uf2 files. */
void system_reboot_to_bootsel(void);

void systick_handler(void);

#endif /* PICO_SYSTEM_H */
