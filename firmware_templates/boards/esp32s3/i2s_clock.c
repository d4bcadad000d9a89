/*
 * The divider of the I2S controller's clock. See i2s_clock.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "i2s_clock.h"

enum { WHOLE_MIN = 2, WHOLE_MAX = 255, DENOMINATOR_MAX = 511 }; /* widths of the fields */

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool i2s_divide(uint32_t source_hz, uint32_t target_hz, struct i2s_divider *divider)
{
    if (target_hz == 0) {
        return false;
    }
    const uint32_t whole = source_hz / target_hz;
    const uint32_t common = common_divisor(source_hz, target_hz);
    const uint32_t denominator = target_hz / common;
    const uint32_t numerator = source_hz / common - whole * denominator;

    if (whole < WHOLE_MIN || whole > WHOLE_MAX || denominator > DENOMINATOR_MAX) {
        return false;
    }
    *divider = (struct i2s_divider){.whole = whole};
    if (numerator > 0) {
        divider->yn1 = 2u * numerator > denominator;
        divider->z = divider->yn1 ? denominator - numerator : numerator;
        divider->x = denominator / divider->z - 1u;
        divider->y = denominator % divider->z;
    }
    return true;
}
