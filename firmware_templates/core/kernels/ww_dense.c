/*
 * Dot products of contiguous runs (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"

static inline int32_t dot(const int8_t *a, const int8_t *b, int32_t count, int32_t sum)
{
    for (; count >= 4; count -= 4, a += 4, b += 4) {
        sum += a[0] * b[0];
        sum += a[1] * b[1];
        sum += a[2] * b[2];
        sum += a[3] * b[3];
    }
    for (; count > 0; count--) {
        sum += *a++ * *b++;
    }
    return sum;
}

/* Inlined into both kernels, because `once` affects the innermost loop. */
static inline __attribute__((always_inline)) void dense(const struct ww_dense *op, const int8_t *input, int8_t *output,
                                                        int once)
{
    for (int32_t done = 0; done < op->rows; done++) {
        const int32_t row = op->backwards ? op->rows - 1 - done : done;
        const int8_t *x = input + row * op->row_stride;
        const int8_t *weights = op->weights;
        int8_t *to = output + row * op->channels;
        for (int32_t channel = 0; channel < op->channels; channel++, weights += op->depth) {
            const int32_t sum = dot(x, weights, op->depth, op->requantize.bias[channel]);
            *to++ = once ? ww_requantize_once(&op->requantize, channel, sum)
                         : ww_requantize_twice(&op->requantize, channel, sum);
        }
    }
}

WW_KERNEL void ww_dense(const struct ww_dense *op, const int8_t *input, int8_t *output)
{
    dense(op, input, output, 0);
}

WW_KERNEL void ww_dense_round_once(const struct ww_dense *op, const int8_t *input, int8_t *output)
{
    dense(op, input, output, 1);
}
