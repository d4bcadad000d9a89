/*
 * Convolutions of int16 tensors with int8 weights: their types, what a tap adds and what a sum becomes. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_LAYER_INT16_H
#define WW_LAYER_INT16_H

#include "ww_elements.h"
#include "ww_kernels_types.h"
#include "ww_wide.h"

#define WW_ELEMENT        int16_t
#define WW_WEIGHT         int8_t
#define WW_SUM            int64_t
#define WW_OPERATOR       struct ww_conv_2d_int16
#define WW_TERM(op, x, w) ((x) * (w))

static inline int16_t output_of(const struct ww_conv_2d_int16 *op, int32_t channel, int64_t sum)
{
    const struct ww_multiplier by = {op->mantissa[channel], op->shift[channel]};
    const int32_t y = op->narrow ? ww_multiply((int32_t)(uint32_t)sum, by) : ww_multiply_wide(sum, by);
    return (int16_t)(y < op->output_min ? op->output_min : y > op->output_max ? op->output_max : y);
}

#endif /* WW_LAYER_INT16_H */
