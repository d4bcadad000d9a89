/*
 * RELU and its like of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_types.h"

WW_KERNEL void ww_slopes_int16(const struct ww_slopes *op, const void *input, void *output)
{
    const int16_t *x = input;
    int16_t *y = output;
    for (int32_t i = 0; i < op->count; i++) {
        int32_t value = x[i];
        if (value >= 0) {
            value = ww_multiply(value, op->above);
        } else {
            value = ww_multiply(op->negate_below ? -value : value, op->below);
            value = op->negate_scaled ? -value : value;
        }
        y[i] = (int16_t)(value < op->min ? op->min : value > op->max ? op->max : value);
    }
}
