/*
 * The logistic function between the entries of a table, for LOGISTIC and TANH of int16. Private to the kernels.
 *
 * Right shifts of negative numbers are arithmetic, as on every compiler this is built with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_SIGMOID_H
#define WW_SIGMOID_H

#include "ww_kernels_types.h"

/* An input on the table's scale. */
static inline int32_t ww_sigmoid_argument(const struct ww_sigmoid *op, int32_t x)
{
    const int32_t half = op->shift > 0 ? (int32_t)1 << (op->shift - 1) : 0;
    return (x * op->multiplier + half) >> op->shift;
}

/* The function of |x| with 16 + bits fractional bits; entries lie 2^bits steps apart. */
static inline int32_t ww_sigmoid_of(const struct ww_sigmoid *op, int32_t x, int bits)
{
    const int32_t size = x < 0 ? -x : x;
    const int32_t entry = size >> bits;
    if (entry >= 255) {
        return bits == 9 ? 0x7FFF << 10 : 0xFFFF << 8; /* where TFLite saturates */
    }
    const int32_t low = op->table[entry];
    return low * (1 << bits) + (size & ((1 << bits) - 1)) * (op->table[entry + 1] - low);
}

#endif /* WW_SIGMOID_H */
