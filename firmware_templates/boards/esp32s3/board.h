/*
 * The board's own: pins, watchdogs, stack measurement, faults. Wiring of an ESP32-S3-DevKitC-1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_BOARD_H
#define ESP32S3_BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* ESP32-S3-DevKitC-1 user guide, "Pin layout". The board's own LED needs a protocol; an LED or relay goes to GPIO2. */
enum { PIN_INDICATOR = 2, PIN_UART_TX = 43, PIN_UART_RX = 44 };

/* Stops the watchdogs that the ROM leaves running, and sets up the pins. */
void board_init(void);

void board_indicate(bool on);

/* Deepest stack use since reset, in bytes. */
uint32_t board_stack_high_water(void);

/* Where exceptions end: turns the indicator on and resets the chip. */
void board_fault(uint32_t cause, uint32_t pc, uint32_t address);

#endif /* ESP32S3_BOARD_H */
