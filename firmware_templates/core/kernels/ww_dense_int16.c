/*
 * FULLY_CONNECTED of int16 tensors with int8 weights (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"
#include "ww_wide.h"

#define WW_ELEMENT        int16_t
#define WW_WEIGHT         int8_t
#define WW_SUM            int64_t
#define WW_OPERATOR       struct ww_dense_int16
#define WW_TERM(op, x, w) ((x) * (w))

static int16_t output_of(const struct ww_dense_int16 *op, int32_t channel, int64_t sum)
{
    const int64_t kept = op->narrow ? (int32_t)(uint32_t)sum : sum;
    const int32_t y = ww_multiply_as_double(kept, op->mantissa + 2 * channel, op->shift[channel]);
    return (int16_t)(y < op->output_min ? op->output_min : y > op->output_max ? op->output_max : y);
}

#include "ww_dense_double.h"

WW_KERNEL void ww_dense_int16(const struct ww_dense_int16 *op, const void *input, void *output)
{
    ww_dense_double(op, input, output);
}
