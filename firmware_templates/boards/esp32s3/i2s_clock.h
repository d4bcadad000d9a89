/*
 * The divider of the I2S controller's clock: only arithmetic.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_I2S_CLOCK_H
#define ESP32S3_I2S_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * source / (whole + numerator / denominator), made by dividing some times by whole and some times by whole + 1. The
 * controller needs to know how they are mixed (TRM, "I2S Controller", "I2S Clock"):
 * with yn1 = 0  z times [x by whole, then 1 by whole + 1], then y by whole
 * with yn1 = 1  z times [1 by whole, then x by whole + 1], then y by whole + 1
 */
struct i2s_divider {
    uint32_t whole;
    uint32_t x, y, z;
    bool yn1;
};

/* False if target_hz cannot be made exactly: whole is 2 to 255, the denominator less than 512. */
bool i2s_divide(uint32_t source_hz, uint32_t target_hz, struct i2s_divider *divider);

#endif /* ESP32S3_I2S_CLOCK_H */
