/*
 * ADD and SUB by tables, for cores with a 64-bit product (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_add_by_table.h"
#include "ww_dsp.h"

static inline int8_t rescaled(const struct ww_add_packed *op, int32_t sum)
{
    return (int8_t)ww_scale_doubled(sum, op->mantissa, op->rounding, op->shift);
}

WW_KERNEL void ww_add_dsp(const struct ww_add_packed *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    ww_add_by_table(op, a, b, output, rescaled);
}
