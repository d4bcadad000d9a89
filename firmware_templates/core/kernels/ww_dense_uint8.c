/*
 * FULLY_CONNECTED of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"
#include "ww_wide.h"

#define WW_ELEMENT        uint8_t
#define WW_WEIGHT         uint8_t
#define WW_SUM            int32_t
#define WW_OPERATOR       struct ww_dense_uint8
#define WW_TERM(op, x, w) (((x) - (op)->input_zero_point) * ((w) - (op)->weights_zero_point))

static uint8_t output_of(const struct ww_dense_uint8 *op, int32_t channel, int32_t sum)
{
    const int32_t y = ww_multiply_as_double(sum, op->mantissa + 2 * channel, op->shift[channel]);
    const int32_t shifted = y + op->output_zero_point;
    return (uint8_t)(shifted < op->output_min ? op->output_min : shifted > op->output_max ? op->output_max : shifted);
}

#include "ww_dense_double.h"

WW_KERNEL void ww_dense_uint8(const struct ww_dense_uint8 *op, const void *input, void *output)
{
    ww_dense_double(op, input, output);
}
