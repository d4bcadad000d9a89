/*
 * Time, watchdog, sleep (bare.h), and the way back into the boot loader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_SYSTEM_H
#define PICO_SYSTEM_H

/*
 * Starts the watchdog, before anything that can wait for ever. Scratch registers outlive its resets (4.7.3): there a mark
 * says whether it was this program's watchdog, and what the mark was before.
 */
void system_watch(void);
enum { SCRATCH_MARK = 4, SCRATCH_BEFORE = 5 };
#define SCRATCH_MARK_OWN 0x77617463u

/* Starts the cycle counter. */
void system_init(void);

/* Restarts as a USB drive that takes .uf2 files. */
void system_reboot_to_bootsel(void);

void systick_handler(void);

#endif /* PICO_SYSTEM_H */
