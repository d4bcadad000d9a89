/*
 * QUANTIZE of floats (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

/* Rounds to the nearest whole number, halves away from zero. Values beyond all outputs, and NaN, are clamped first. */
static int32_t rounded(float x)
{
    const float limit = 1 << 17;
    if (!(x > -limit)) {
        return -(1 << 17);
    }
    if (x > limit) {
        return 1 << 17;
    }
    const int32_t whole = (int32_t)x;
    const float rest = x - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

WW_KERNEL void ww_quantize(const struct ww_quantize *op, const void *input, void *output)
{
    const float *x = input;
    for (int32_t i = 0; i < op->count; i++) {
        const int32_t value = rounded(x[i] / op->scale) + op->zero_point;
        ww_store(output, i, op->type, value < op->min ? op->min : value > op->max ? op->max : value);
    }
}
