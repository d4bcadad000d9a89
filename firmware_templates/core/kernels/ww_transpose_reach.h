/*
 * Which inputs and taps reach a position of a transposed convolution's output. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_TRANSPOSE_REACH_H
#define WW_TRANSPOSE_REACH_H

#include <stdint.h>

/* The taps that reach one position of an output: count of them, tap + n * stride from input - n. */
struct ww_reach {
    int32_t tap;
    int32_t input;
    int32_t count;
};

static inline struct ww_reach ww_reach_of(int32_t at, int32_t stride, int32_t kernel, int32_t size)
{
    struct ww_reach reach = {at - at / stride * stride, at / stride, 0};
    if (reach.input >= size) {
        reach.tap += (reach.input - size + 1) * stride;
        reach.input = size - 1;
    }
    if (reach.tap < kernel) {
        const int32_t taps = (kernel - reach.tap + stride - 1) / stride;
        reach.count = taps < reach.input + 1 ? taps : reach.input + 1;
    }
    return reach;
}

#endif /* WW_TRANSPOSE_REACH_H */
