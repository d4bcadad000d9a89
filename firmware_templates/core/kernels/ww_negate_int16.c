/*
 * NEG of int16 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

WW_KERNEL void ww_negate_int16(const void *input, void *output, size_t count)
{
    const int16_t *x = input;
    int16_t *y = output;
    for (size_t i = 0; i < count; i++) {
        y[i] = (int16_t)(x[i] == INT16_MIN ? INT16_MIN : -x[i]); /* wraps where TFLite's does */
    }
}
