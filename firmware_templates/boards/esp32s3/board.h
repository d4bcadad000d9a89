/*
 * The handler of exceptions. bare.h has the board's other functions, board_config.h its pins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_BOARD_H
#define ESP32S3_BOARD_H

#include <stdint.h>

extern uint32_t stack_bottom, stack_top; /* link.ld */

/* Turns the indicator on, tells both consoles what happened and what was on the stack, and resets the chip. */
void board_fault(uint32_t cause, uint32_t pc, uint32_t address, const uint32_t *stack);

#endif /* ESP32S3_BOARD_H */
