/*
 * Accumulator to int8, with TFLite's two roundings. Private to the kernels.
 *
 * Right shifts of negative numbers are arithmetic, as on every compiler this is built with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_REQUANTIZE_H
#define WW_REQUANTIZE_H

#include "ww_kernels.h"

/* round(a * b / 2^31), halves upwards: gemmlowp's SaturatingRoundingDoublingHighMul, whose one overflow needs
 * a == b == -2^31 and cannot happen with a mantissa. */
static inline int32_t ww_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* round(x / 2^bits), halves away from zero: gemmlowp's RoundingDivideByPOT. */
static inline int32_t ww_divide_by_power_of_two(int32_t x, int bits)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << bits) - 1u);
    const int32_t remainder = x & mask;
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> bits) + (remainder > threshold);
}

static inline int8_t ww_clamp(int32_t x, const struct ww_requantize *to)
{
    x = (int32_t)((uint32_t)x + (uint32_t)to->output_zero_point); /* wraps where TFLite's does */
    if (x < to->output_min) {
        x = to->output_min;
    }
    if (x > to->output_max) {
        x = to->output_max;
    }
    return (int8_t)x;
}

/* The convolutions' rule. */
static inline int8_t ww_requantize_twice(const struct ww_requantize *to, int32_t channel, int32_t accumulator)
{
    const int shift = to->shift[channel];
    const int32_t scaled = shift > 0 ? (int32_t)((uint32_t)accumulator << shift) : accumulator;
    const int32_t product = ww_high_multiply(scaled, to->mantissa[channel]);
    return ww_clamp(ww_divide_by_power_of_two(product, shift > 0 ? 0 : -shift), to);
}

/* The fully connected layer's rule: halves away from zero. */
static inline int8_t ww_requantize_once(const struct ww_requantize *to, int32_t channel, int32_t accumulator)
{
    const int bits = 31 - to->shift[channel];
    const int64_t product = (int64_t)accumulator * to->mantissa[channel];
    return ww_clamp((int32_t)((product + ((int64_t)1 << (bits - 1)) - (product < 0)) >> bits), to);
}

/* A fused activation, after saturation to int8. */
static inline void ww_clamp_outputs(int8_t *output, int32_t count, int8_t low, int8_t high)
{
    if (low == INT8_MIN && high == INT8_MAX) {
        return;
    }
    for (; count > 0; count--, output++) {
        *output = *output < low ? low : *output > high ? high : *output;
    }
}

#endif /* WW_REQUANTIZE_H */
