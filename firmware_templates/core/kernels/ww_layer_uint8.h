/*
 * Convolutions of uint8 tensors: their types, what a tap adds and what a sum becomes. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_LAYER_UINT8_H
#define WW_LAYER_UINT8_H

#include "ww_elements.h"
#include "ww_kernels_types.h"

#define WW_ELEMENT        uint8_t
#define WW_WEIGHT         uint8_t
#define WW_SUM            int32_t
#define WW_OPERATOR       struct ww_conv_2d_uint8
#define WW_TERM(op, x, w) (((x) - (op)->input_zero_point) * ((w) - (op)->weights_zero_point))

static inline uint8_t output_of(const struct ww_conv_2d_uint8 *op, int32_t channel, int32_t sum)
{
    const struct ww_multiplier by = {op->mantissa[channel], op->shift[channel]};
    /* Wraps where TFLite's does. */
    const int32_t y = (int32_t)((uint32_t)ww_multiply(sum, by) + (uint32_t)op->output_zero_point);
    return (uint8_t)(y < op->output_min ? op->output_min : y > op->output_max ? op->output_max : y);
}

#endif /* WW_LAYER_UINT8_H */
