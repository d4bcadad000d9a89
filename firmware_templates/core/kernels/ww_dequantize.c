/*
 * DEQUANTIZE (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

WW_KERNEL void ww_dequantize(const struct ww_dequantize *op, const void *input, void *output)
{
    float *y = output;
    for (int32_t i = 0; i < op->count; i++) {
        y[i] = op->scale * (float)(ww_load(input, i, op->type) - op->zero_point);
    }
}
