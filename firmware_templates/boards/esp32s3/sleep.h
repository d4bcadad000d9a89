/*
 * The core waits with a gated clock until an interrupt: of a console, of the microphone's DMA, or of the tick.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_SLEEP_H
#define ESP32S3_SLEEP_H

#include <stdint.h>

/* The core's interrupt that ends its waits: of level 2, it follows its source (ESP-IDF, xtensa/config/core-isa.h). */
enum { WAKING_INTERRUPT = 19 };

/* Takes the clock from what the board does not use, and sets the interrupts up. Call it when all else has started. */
void sleep_init(void);

/* Forgets the interrupts so far, and returns them. What they were for is looked at after this call and before the wait. */
uint32_t sleep_clear(void);

/* Whether the consoles' interrupts work tells how fast the tick must be: call it with what has ended a wait. */
void sleep_adapt(uint32_t come);

/* Returns after one of these interrupts of the core (bit n: interrupt n), or at once if there is one (start.S). */
void wait_for_interrupt(uint32_t interrupts);

#endif /* ESP32S3_SLEEP_H */
