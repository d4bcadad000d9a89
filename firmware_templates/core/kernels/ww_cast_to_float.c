/*
 * CAST of integers to floats (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"

WW_KERNEL void ww_cast_to_float(const struct ww_cast *op, const void *input, void *output)
{
    float *y = output;
    for (int32_t i = 0; i < op->count; i++) {
        y[i] = (float)ww_load_cast(input, i, op->input_type);
    }
}
