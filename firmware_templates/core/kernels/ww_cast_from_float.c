/*
 * CAST of floats to integers (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"

/* Rounds towards zero; magnitudes beyond the limit become the nearest value within it, and NaN the greatest. */
static int64_t whole(float x, float limit, int64_t most)
{
    if (x < -limit) {
        return -most - 1;
    }
    return x < limit ? (int64_t)x : most;
}

WW_KERNEL void ww_cast_from_float(const struct ww_cast *op, const void *input, void *output)
{
    /* Negative values of uint8 are clamped afterwards. */
    static const float limits[] = {128.0f, 256.0f, 32768.0f, 2147483648.0f, 9223372036854775808.0f};
    static const int64_t most[] = {INT8_MAX, UINT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX};
    const float *x = input;
    for (int32_t i = 0; i < op->count; i++) {
        if (op->output_type == WW_BOOL) {
            ww_store_cast(output, i, WW_BOOL, x[i] != 0.0f);
            continue;
        }
        const int64_t value = whole(x[i], limits[op->output_type], most[op->output_type]);
        ww_store_cast(output, i, op->output_type, op->output_type == WW_UINT8 && value < 0 ? 0 : value);
    }
}
