/*
 * CAST of floats to integers (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"

/* Towards zero; what no integer of so many bits holds becomes the nearest that one does, and NaN the greatest. */
static int64_t whole(float x, int bits)
{
    const float limit = (float)((uint64_t)1 << (bits - 1)); /* a power of two, so there is such a float */
    const int64_t most = (int64_t)(((uint64_t)1 << (bits - 1)) - 1u);
    if (x < -limit) {
        return -most - 1;
    }
    return x < limit ? (int64_t)x : most;
}

WW_KERNEL void ww_cast_from_float(const struct ww_cast *op, const void *input, void *output)
{
    static const int8_t bits[] = {[WW_INT8] = 8, [WW_UINT8] = 9, [WW_INT16] = 16, [WW_INT32] = 32, [WW_INT64] = 64};
    const float *x = input;
    for (int32_t i = 0; i < op->count; i++) {
        if (op->output_type == WW_BOOL) {
            ww_store_cast(output, i, WW_BOOL, x[i] != 0.0f);
            continue;
        }
        const int64_t value = whole(x[i], bits[op->output_type]);
        ww_store_cast(output, i, op->output_type, op->output_type == WW_UINT8 && value < 0 ? 0 : value);
    }
}
