/*
 * MUL for cores with a 64-bit product (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dsp.h"
#include "ww_mul_rescaled.h"

static inline int8_t rescaled(const struct ww_mul_packed *op, int32_t product)
{
    return (int8_t)ww_scale_doubled(2 * product, op->mantissa, op->rounding, op->shift);
}

WW_KERNEL void ww_mul_dsp(const struct ww_mul_packed *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    ww_mul_rescaled(op, a, b, output, rescaled);
}
