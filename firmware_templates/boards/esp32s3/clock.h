/*
 * The core's clock and what is counted with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_CLOCK_H
#define ESP32S3_CLOCK_H

#include <stdint.h>

#define CRYSTAL_HZ 40000000u /* every ESP32-S3 module has this one (hardware design guidelines, "Clock") */

/* Takes the core to 160 MHz if the PLL runs, to the crystal's clock if not, and measures what came of it. */
void clock_init(void);

/* Microseconds since start; call it at least every few seconds. */
uint32_t clock_micros(void);

/* Where that count is kept. */
extern volatile uint32_t clock_micros_total;

static inline uint32_t clock_cycles(void)
{
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=r"(count) : : "memory");
    return count;
}

#endif /* ESP32S3_CLOCK_H */
