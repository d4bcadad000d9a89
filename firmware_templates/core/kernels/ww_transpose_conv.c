/*
 * Transposed convolution of any shape (see ww_kernels_shapes.h).
 *
 * Every output gathers the products that the inputs scatter to it. Along an axis, every stride-th tap reaches
 * position `at` of the padded output, each from the input before that of the previous tap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_shapes.h"
#include "ww_requantize.h"
#include "ww_transpose_reach.h"

static int32_t dot(const int8_t *x, const int8_t *weights, int32_t depth, int32_t zero_point, int32_t sum)
{
    for (int32_t i = 0; i < depth; i++) {
        sum += (x[i] - zero_point) * weights[i];
    }
    return sum;
}

WW_KERNEL void ww_transpose_conv(const struct ww_transpose_conv *op, const int8_t *input, int8_t *output)
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
            const int8_t *weights = op->weights;
            for (int32_t channel = 0; channel < window->output_channels; channel++, weights += kernel_size) {
                int32_t sum = op->requantize.bias[channel];
                for (int32_t row = 0; row < rows.count; row++) {
                    const int32_t tap_row = (rows.tap + row * window->stride_height) * window->kernel_width;
                    const int32_t input_row = (rows.input - row) * window->input_width;
                    for (int32_t column = 0; column < columns.count; column++) {
                        const int32_t tap = tap_row + columns.tap + column * window->stride_width;
                        const int32_t pixel = input_row + columns.input - column;
                        sum = dot(input + pixel * depth, weights + tap * depth, depth, op->input_zero_point, sum);
                    }
                }
                *output++ = ww_requantize_twice(&op->requantize, channel, sum);
            }
        }
    }
}
