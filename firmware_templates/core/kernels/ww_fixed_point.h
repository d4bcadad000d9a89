/*
 * 16-bit fixed point for the recurrent kernels, with TFLite's roundings. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FIXED_POINT_H
#define WW_FIXED_POINT_H

#include "ww_elements.h"

/* a + b, wrapping where TFLite's does. */
static inline int32_t ww_wrapping_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t ww_limit(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

static inline int16_t ww_saturate_16(int32_t x)
{
    return (int16_t)ww_limit(x, INT16_MIN, INT16_MAX);
}

static inline int8_t ww_saturate_8(int32_t x)
{
    return (int8_t)ww_limit(x, INT8_MIN, INT8_MAX);
}

/*
 * The logistic function and tanh in gemmlowp's fixed point. A number Qm.n has a sign, m integer bits and n = 15 - m
 * fractional bits; the result is Q0.15. wwtool/int8/fixed_point.py computes the same in Python, and a test compares
 * every input.
 */

/* round(a * b / 2^15), halves upwards. */
static inline int32_t ww_high_multiply_16(int32_t a, int32_t b)
{
    return (a * b + (1 << 14)) >> 15;
}

/* exp(x) for x < 0 as Q(bits). */
static inline int32_t ww_exp_of_negative(int32_t x, int bits)
{
    static const int16_t powers[] = {25520, 19875, 12055, 4435, 600, 11, 0}; /* exp(-1/4), exp(-1/2), ... exp(-16) */
    const int fraction = 15 - bits;
    if (bits > 5 && x < -(32 << fraction)) {
        return 0;
    }
    /* A Taylor series around -1/8 for the part of x within [-1/4, 0) ... */
    const int32_t quarter = 1 << (fraction - 2);
    const int32_t within = (x & (quarter - 1)) - quarter;
    const int32_t a = within * (1 << bits) + (1 << 12);
    const int32_t square = ww_high_multiply_16(a, a);
    const int32_t cube = ww_high_multiply_16(square, a);
    const int32_t fourth = ww_divide_by_power_of_two(ww_high_multiply_16(square, square), 2);
    const int32_t tail = ww_divide_by_power_of_two(ww_high_multiply_16(fourth + cube, 10923) + square, 1); /* 1/3 */
    int32_t result = 28918 + ww_high_multiply_16(28918, a + tail); /* exp(-1/8) */
    /* ... times a power of e for every bit of the quarters. */
    const uint32_t quarters = (uint32_t)(within - x) >> (fraction - 2);
    for (unsigned k = 0; k < (unsigned)bits + 2u && k < 7u; k++) {
        if (quarters >> k & 1u) {
            result = ww_high_multiply_16(result, powers[k]);
        }
    }
    return result;
}

/* 2 / (1 + exp(-|x|)) for x != 0, Q(bits) to Q2.13, by three steps of Newton's method from 48/17 - 32/17 d. */
static inline int32_t ww_two_over_one_plus_exp(int32_t x, int bits)
{
    const int32_t half = (ww_exp_of_negative(x < 0 ? x : -x, bits) + 32768) >> 1;
    int32_t y = 23130 + ww_high_multiply_16(half, -15420);
    for (int step = 0; step < 3; step++) {
        y += 4 * ww_high_multiply_16(y, 8192 - ww_high_multiply_16(half, y));
    }
    return y;
}

/* Q3.12 to Q0.15. */
static inline int32_t ww_logistic_16(int32_t x)
{
    if (x == 0) {
        return 16384;
    }
    const int32_t y = ww_saturate_16(2 * ww_two_over_one_plus_exp(x, 3));
    return x > 0 ? y : 32767 - y;
}

/* Q(bits) to Q0.15, bits from 0 to 6. */
static inline int32_t ww_tanh_16(int32_t x, int bits)
{
    if (x == 0) {
        return 0;
    }
    /* (1 - exp(-2 |x|)) / (1 + exp(-2 |x|)): one more integer bit doubles x. */
    const int32_t y = ww_saturate_16(4 * (ww_two_over_one_plus_exp(x, bits + 1) - 8192));
    return x > 0 ? y : -y;
}

#endif /* WW_FIXED_POINT_H */
