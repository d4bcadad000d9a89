/*
 * I2S0 as a receiver of 16 kHz mono: the master of an I2S microphone or codec, or a PDM microphone's clock and filter.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_I2S_H
#define ESP32S3_I2S_H

#include <stdbool.h>
#include <stdint.h>

/* Philips I2S, 32-bit slots, data left-aligned: bit clock 1.024 MHz, master clock 4.096 MHz. False without a clock. */
bool i2s_init_standard(bool right_slot);

/* PDM, clock 1.024 MHz (on the signal of WS), turned into 16-bit samples. False without a clock. */
bool i2s_init_pdm(bool right_slot);

/* Starts or stops clocks and data; the DMA is made ready before the start, and gets block_bytes at a time. */
void i2s_reset(uint32_t block_bytes);
void i2s_start(void);
void i2s_stop(void);

#endif /* ESP32S3_I2S_H */
