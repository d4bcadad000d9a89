/*
 * Clock tree: 12 MHz crystal, clk_sys 125 MHz, clk_usb and clk_adc 48 MHz, a 1 MHz tick for the timer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_CLOCKS_H
#define PICO_CLOCKS_H

#include <stdint.h>

void clocks_init(void);

/*
 * Waits until all these bits are set. If that takes long, the LED lights, if its pin is set up; if it never happens, the
 * watchdog resets the chip (system_watch).
 */
void await_bits(const volatile uint32_t *reg, uint32_t bits);

/* Puts subsystems (RESET_x bits) into reset and takes them out again. */
void subsystems_restart(uint32_t reset_bits);

#endif /* PICO_CLOCKS_H */
