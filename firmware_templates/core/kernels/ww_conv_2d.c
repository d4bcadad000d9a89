/*
 * Convolution of any shape (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"
#include "ww_window_clip.h"

/* The taps of one position that lie inside the input, as runs of contiguous inputs and weights; steps in elements. */
struct runs {
    int32_t rows;
    int32_t columns;
    int32_t length;
    int32_t input_row_step; /* from the start of one row of taps to the next */
    int32_t weight_row_step;
    int32_t input_column_step;
    int32_t weight_column_step;
};

static int32_t sum_of_runs(const struct runs *runs, const int8_t *input, const int8_t *weights, int32_t zero_point,
                           int32_t sum)
{
    for (int32_t row = runs->rows; row > 0; row--) {
        const int8_t *x = input;
        const int8_t *w = weights;
        for (int32_t column = runs->columns; column > 0; column--) {
            for (int32_t i = 0; i < runs->length; i++) {
                sum += (x[i] - zero_point) * w[i];
            }
            x += runs->input_column_step;
            w += runs->weight_column_step;
        }
        input += runs->input_row_step;
        weights += runs->weight_row_step;
    }
    return sum;
}

WW_KERNEL void ww_conv_2d(const struct ww_conv_2d *op, const int8_t *input, int8_t *output)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = window->input_channels;
    const int32_t kernel_size = window->kernel_height * window->kernel_width * depth;
    struct runs runs;
    runs.input_row_step = window->dilation_height * window->input_width * depth;
    runs.weight_row_step = window->kernel_width * depth;
    runs.input_column_step = window->dilation_width * depth;
    runs.weight_column_step = depth;
    for (int32_t oy = 0; oy < window->output_height; oy++) {
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t row;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &row, &runs.rows);
        for (int32_t ox = 0; ox < window->output_width; ox++) {
            const int32_t left = ox * window->stride_width - window->pad_width;
            int32_t column;
            int32_t columns;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &column, &columns);
            /* Neighbouring taps are neighbouring pixels unless the kernel is dilated. */
            runs.columns = window->dilation_width == 1 ? 1 : columns;
            runs.length = window->dilation_width == 1 ? columns * depth : depth;
            const int32_t pixel =
                (top + row * window->dilation_height) * window->input_width + left + column * window->dilation_width;
            const int8_t *weights = op->weights + (row * window->kernel_width + column) * depth;
            for (int32_t channel = 0; channel < window->output_channels; channel++, weights += kernel_size) {
                const int32_t sum = sum_of_runs(&runs, input + pixel * depth, weights, op->input_zero_point,
                                                op->requantize.bias[channel]);
                *output++ = ww_requantize_twice(&op->requantize, channel, sum);
            }
        }
    }
}
