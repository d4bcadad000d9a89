/*
 * The core's voltage, for clocks above 80 MHz.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_REGULATOR_H
#define ESP32S3_REGULATOR_H

#include <stdint.h>

/* Call it before the clock goes up to 160 or 240. */
void regulator_raise(uint32_t mhz);

/*
 * Calls the ROM's rom_i2c_writeReg_Mask (rom_call.S): value to the bits high..low of a register of an analogue block.
 * The bus behind it is in no manual.
 */
void rom_i2c_write(uint32_t block, uint32_t host, uint32_t number, uint32_t high, uint32_t low, uint32_t value);

#endif /* ESP32S3_REGULATOR_H */
