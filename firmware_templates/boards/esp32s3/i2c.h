/*
 * Writes to a device on two pins by I2C, 50 kHz, in software: a codec is set up once, at the start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_I2C_H
#define ESP32S3_I2C_H

#include <stdbool.h>
#include <stdint.h>

void i2c_init(void);

/* Writes a register of 8 bits; false if the device does not acknowledge. */
bool i2c_write_register(uint8_t address, uint8_t number, uint8_t value);

#endif /* ESP32S3_I2C_H */
