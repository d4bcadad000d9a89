/*
 * The core's clock, and the times counted with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_CLOCK_H
#define ESP32S3_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CRYSTAL_HZ  40000000u  /* every ESP32-S3 module has this one (hardware design guidelines, "Clock") */
#define PLL_160M_HZ 160000000u /* what peripherals get of the PLL (TRM, "Reset and Clock", PLL_F160M_CLK) */

/* Sets the core to 160 MHz if the PLL runs, or else to the crystal's clock, and measures the result. */
void clock_init(void);

/* Whether the PLL runs. The crystal always does. */
bool clock_from_pll(void);

/* Returns after that time, and not much later. */
void clock_wait_us(uint32_t us);

/* Microseconds since start; call it at least every few seconds. */
uint32_t clock_micros(void);

/* The address of that count. */
extern volatile uint32_t clock_micros_total;

static inline uint32_t clock_cycles(void)
{
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=r"(count) : : "memory");
    return count;
}

#endif /* ESP32S3_CLOCK_H */
