/*
 * The core's clock, and the times counted with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_CLOCK_H
#define ESP32S3_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "board_config.h"

#define CRYSTAL_HZ  40000000u  /* every ESP32-S3 module has this one (hardware design guidelines, "Clock") */
#define PLL_160M_HZ 160000000u /* what peripherals get of the PLL (TRM, "Reset and Clock", PLL_F160M_CLK) */

enum { CRYSTAL_MHZ = 40, CORE_MHZ = BOARD_CLOCK_MHZ };

/* What clock_init found, in kHz; 0: the system timer did not run, or the PLL was not tried. */
struct clock_report {
    uint32_t core_khz; /* of the clock that the core has now */
    uint32_t pll_khz;  /* of the PLL's, which is used only if it is what was expected */
};

/* Sets the core to CORE_MHZ from the PLL if that runs as fast as it should, or else to the crystal's clock. */
struct clock_report clock_init(bool try_pll);

/* Whether the core and the peripherals have the PLL's clock. */
bool clock_from_pll(void);

/* Returns after that time, and not much later. */
void clock_wait_us(uint32_t us);

/* Microseconds since start; call it at least every few seconds. */
uint32_t clock_micros(void);

/* False if the system timer does not run, which tells how long the core has waited. */
bool clock_can_wait(void);

/* Waits for an interrupt (sleep.h), and counts the time. */
void clock_wait_for_interrupt(void);

/* The address of the count of microseconds. */
extern volatile uint32_t clock_micros_total;

static inline uint32_t clock_cycles(void)
{
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=r"(count) : : "memory");
    return count;
}

#endif /* ESP32S3_CLOCK_H */
