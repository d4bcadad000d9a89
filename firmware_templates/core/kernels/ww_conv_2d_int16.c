/*
 * Convolutions of int16 tensors with int8 weights (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_types.h"
#include "ww_wide.h"

#define WW_ELEMENT int16_t
#define WW_WEIGHT int8_t
#define WW_SUM int64_t
#define WW_OPERATOR struct ww_conv_2d_int16
#define WW_TERM(op, x, w) ((x) * (w))
#include "ww_conv_2d_groups.h"

static int16_t output_of(const struct ww_conv_2d_int16 *op, int32_t channel, int64_t sum)
{
    const struct ww_multiplier by = {op->mantissa[channel], op->shift[channel]};
    const int32_t y = op->narrow ? ww_multiply((int32_t)(uint32_t)sum, by) : ww_multiply_wide(sum, by);
    return (int16_t)(y < op->output_min ? op->output_min : y > op->output_max ? op->output_max : y);
}

void ww_conv_2d_int16(const struct ww_conv_2d_int16 *op, const void *input, void *output)
{
    ww_conv_2d_groups(op, input, output, output_of);
}
