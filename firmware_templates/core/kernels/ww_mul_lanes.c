/*
 * MUL for cores without 64-bit products (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_lanes.h"
#include "ww_mul_rescaled.h"

static inline int8_t rescaled(const struct ww_mul_packed *op, int32_t product)
{
    return ww_scale_by_halves(product, &op->mantissa, op->rounding, op->shift, 0);
}

WW_KERNEL void ww_mul_lanes(const struct ww_mul_packed *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    ww_mul_rescaled(op, a, b, output, rescaled);
}
