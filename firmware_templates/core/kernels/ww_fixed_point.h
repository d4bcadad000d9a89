/*
 * 16-bit fixed point for the recurrent kernels, with TFLite's roundings. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FIXED_POINT_H
#define WW_FIXED_POINT_H

#include "ww_requantize.h"

/* x * multiplier, rounded twice: the convolutions' rule. */
static inline int32_t ww_multiply(const struct ww_multiplier *by, int32_t x)
{
    const int32_t scaled = by->shift > 0 ? (int32_t)((uint32_t)x << by->shift) : x;
    const int32_t product = ww_high_multiply(scaled, by->mantissa);
    return ww_divide_by_power_of_two(product, by->shift > 0 ? 0 : -by->shift);
}

/* a + b, wrapping where TFLite's does. */
static inline int32_t ww_add(int32_t a, int32_t b)
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

#endif /* WW_FIXED_POINT_H */
