/*
 * Where exceptions end. The rest of what the board gives is in bare.h, its pins in board_config.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_BOARD_H
#define ESP32S3_BOARD_H

#include <stdint.h>

/* Turns the indicator on and resets the chip. */
void board_fault(uint32_t cause, uint32_t pc, uint32_t address);

#endif /* ESP32S3_BOARD_H */
