/*
 * Pins, named as PIN() of board.h does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_PINS_H
#define NANO33BLE_PINS_H

#include <stdbool.h>
#include <stdint.h>

/* Makes a pin an output at a level, or an input. */
void pin_output(uint32_t pin, bool high);
void pin_input(uint32_t pin, bool pull_up);

/* The level of an output. */
void pin_set(uint32_t pin, bool high);

#endif /* NANO33BLE_PINS_H */
