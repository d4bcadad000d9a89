/*
 * Transposed convolution for elements of any type. Private to the kernels.
 *
 * The file that includes it includes ww_layer_uint8.h or ww_layer_int16.h first, which say of what types they are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_TRANSPOSE_CONV_TYPED_H
#define WW_TRANSPOSE_CONV_TYPED_H

#include "ww_kernels_types.h"
#include "ww_terms.h"
#include "ww_transpose_reach.h"

static void ww_transpose_conv_typed(const WW_OPERATOR *op, const WW_ELEMENT *input, WW_ELEMENT *output)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = window->input_channels;
    const int32_t kernel_size = window->kernel_height * window->kernel_width * depth;
    for (int32_t oy = 0; oy < window->output_height; oy++) {
        const struct ww_reach rows =
            ww_reach_of(oy + window->pad_height, window->stride_height, window->kernel_height, window->input_height);
        for (int32_t ox = 0; ox < window->output_width; ox++) {
            const struct ww_reach columns =
                ww_reach_of(ox + window->pad_width, window->stride_width, window->kernel_width, window->input_width);
            const WW_WEIGHT *weights = op->weights;
            for (int32_t channel = 0; channel < window->output_channels; channel++, weights += kernel_size) {
                WW_SUM sum = op->bias[channel];
                for (int32_t row = 0; row < rows.count; row++) {
                    const int32_t tap_row = (rows.tap + row * window->stride_height) * window->kernel_width;
                    const int32_t input_row = (rows.input - row) * window->input_width;
                    for (int32_t column = 0; column < columns.count; column++) {
                        const int32_t tap = tap_row + columns.tap + column * window->stride_width;
                        const int32_t pixel = input_row + columns.input - column;
                        sum = ww_add_terms(op, input + pixel * depth, weights + tap * depth, depth, sum);
                    }
                }
                *output++ = output_of(op, channel, sum);
            }
        }
    }
}

#endif /* WW_TRANSPOSE_CONV_TYPED_H */
