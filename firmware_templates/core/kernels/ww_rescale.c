/*
 * QUANTIZE of integers (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

WW_KERNEL void ww_rescale(const struct ww_rescale *op, const void *input, void *output)
{
    for (int32_t i = 0; i < op->count; i++) {
        /* Both sums wrap where TFLite's do. */
        const uint32_t x = (uint32_t)ww_load(input, i, op->input_type) - (uint32_t)op->input_zero_point;
        const uint32_t y = (uint32_t)ww_multiply((int32_t)x, op->multiplier) + (uint32_t)op->output_zero_point;
        const int32_t value = (int32_t)y;
        ww_store(output, i, op->output_type, value < op->min ? op->min : value > op->max ? op->max : value);
    }
}
