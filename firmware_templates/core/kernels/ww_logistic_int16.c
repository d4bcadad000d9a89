/*
 * LOGISTIC of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_sigmoid.h"

WW_KERNEL void ww_logistic_int16(const struct ww_sigmoid *op, const void *input, void *output)
{
    const int16_t *x = input;
    int16_t *y = output;
    for (int32_t i = 0; i < op->count; i++) {
        const int32_t at = ww_sigmoid_argument(op, x[i]);
        const int32_t value = ww_sigmoid_of(op, at, 9); /* with 25 fractional bits */
        const int32_t rounded = at >= 0 ? value + (1 << 9) : (1 << 25) - value + (1 << 9) - 1;
        y[i] = (int16_t)(rounded >> 10);
    }
}
