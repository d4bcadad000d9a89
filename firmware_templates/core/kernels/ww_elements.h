/*
 * Walking over tensors, and multiplying by a real number with TFLite's two roundings. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_ELEMENTS_H
#define WW_ELEMENTS_H

#include "ww_requantize.h"

/* The position of a walk: an index along each axis but the last, and the distance from the start in both tensors. */
struct ww_position {
    int32_t index[WW_AXES];
    int32_t a;
    int32_t b;
};

/* Moves to the next row, which runs along the last axis. After the last row it returns 0 and starts again. */
static inline int ww_next_row(const struct ww_walk *walk, struct ww_position *at)
{
    for (int32_t axis = walk->rank - 2; axis >= 0; axis--) {
        at->a += walk->a[axis];
        at->b += walk->b[axis];
        if (++at->index[axis] < walk->sizes[axis]) {
            return 1;
        }
        at->index[axis] = 0;
        at->a -= walk->a[axis] * walk->sizes[axis];
        at->b -= walk->b[axis] * walk->sizes[axis];
    }
    return 0;
}

/* x * multiplier, rounded twice; the shift to the left wraps where TFLite's does. */
static inline int32_t ww_multiply(int32_t x, struct ww_multiplier by)
{
    const int32_t scaled = by.shift > 0 ? (int32_t)((uint32_t)x << by.shift) : x;
    return ww_divide_by_power_of_two(ww_high_multiply(scaled, by.mantissa), by.shift > 0 ? 0 : -by.shift);
}

static inline int32_t ww_load(const void *memory, int32_t index, enum ww_type type)
{
    switch (type) {
    case WW_INT8:
        return ((const int8_t *)memory)[index];
    case WW_UINT8:
        return ((const uint8_t *)memory)[index];
    case WW_INT16:
        return ((const int16_t *)memory)[index];
    default:
        return ((const int32_t *)memory)[index];
    }
}

static inline void ww_store(void *memory, int32_t index, enum ww_type type, int32_t value)
{
    switch (type) {
    case WW_INT8:
        ((int8_t *)memory)[index] = (int8_t)value;
        break;
    case WW_UINT8:
        ((uint8_t *)memory)[index] = (uint8_t)value;
        break;
    case WW_INT16:
        ((int16_t *)memory)[index] = (int16_t)value;
        break;
    default:
        ((int32_t *)memory)[index] = value;
    }
}

/* x + zero point within the range of an output. */
static inline int32_t ww_in_range(int32_t x, const struct ww_range *range)
{
    x = (int32_t)((uint32_t)x + (uint32_t)range->zero_point); /* wraps where TFLite's does */
    return x < range->min ? range->min : x > range->max ? range->max : x;
}

#endif /* WW_ELEMENTS_H */
