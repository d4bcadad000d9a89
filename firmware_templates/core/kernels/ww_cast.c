/*
 * CAST between integers (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"

WW_KERNEL void ww_cast(const struct ww_cast *op, const void *input, void *output)
{
    for (int32_t i = 0; i < op->count; i++) {
        ww_store_cast(output, i, op->output_type, ww_load_cast(input, i, op->input_type));
    }
}
