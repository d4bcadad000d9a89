/*
 * The reciprocal that SOFTMAX and LOG_SOFTMAX divide by, in gemmlowp's fixed point. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_RECIPROCAL_H
#define WW_RECIPROCAL_H

#include "ww_requantize.h"

/* 1 / (1 + a) for a in [0, 1), both with 31 fractional bits, by three steps of Newton's method from 48/17 - 32/17 d. */
static inline int32_t ww_reciprocal_of_one_plus(int32_t a)
{
    const int32_t half = (a >> 1) + (1 << 30);
    int32_t x = 1515870810 + ww_high_multiply(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        x += 4 * ww_high_multiply(x, (1 << 29) - ww_high_multiply(half, x));
    }
    return x >= 1 << 30 ? INT32_MAX : 2 * x;
}

#endif /* WW_RECIPROCAL_H */
