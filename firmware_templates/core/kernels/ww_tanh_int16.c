/*
 * TANH of int16 tensors (see ww_kernels_types.h): 2 sigmoid(2 x) - 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_sigmoid.h"

WW_KERNEL void ww_tanh_int16(const struct ww_sigmoid *op, const void *input, void *output)
{
    const int16_t *x = input;
    int16_t *y = output;
    for (int32_t i = 0; i < op->count; i++) {
        const int32_t at = ww_sigmoid_argument(op, x[i]);
        const int32_t value = ww_sigmoid_of(op, at, 8) - (1 << 23); /* with 24 fractional bits; a half is 0 */
        y[i] = (int16_t)((at >= 0 ? value + (1 << 7) : (1 << 7) - 1 - value) >> 8);
    }
}
