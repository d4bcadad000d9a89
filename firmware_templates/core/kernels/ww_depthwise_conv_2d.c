/*
 * Depthwise convolution of any shape (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"
#include "ww_window_clip.h"

/* The taps of one position that lie inside the input; steps in elements. */
struct taps {
    int32_t rows;
    int32_t columns;
    int32_t input_column_step;
    int32_t input_row_step; /* from the end of one row of taps to the start of the next */
    int32_t weight_column_step;
    int32_t weight_row_step;
};

static int32_t sum_of_taps(const struct taps *taps, const int8_t *x, const int8_t *w, int32_t zero_point, int32_t sum)
{
    for (int32_t row = taps->rows; row > 0; row--) {
        for (int32_t column = taps->columns; column > 0; column--) {
            sum += (*x - zero_point) * *w;
            x += taps->input_column_step;
            w += taps->weight_column_step;
        }
        x += taps->input_row_step;
        w += taps->weight_row_step;
    }
    return sum;
}

WW_KERNEL void ww_depthwise_conv_2d(const struct ww_depthwise_conv_2d *op, const int8_t *input, int8_t *output)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = window->input_channels;
    const int32_t channels = window->output_channels;
    struct taps taps;
    taps.input_column_step = window->dilation_width * depth;
    taps.weight_column_step = channels;
    for (int32_t i = 0; i < window->output_height; i++) {
        const int32_t oy = op->backwards ? window->output_height - 1 - i : i;
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t row;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &row, &taps.rows);
        for (int32_t j = 0; j < window->output_width; j++) {
            const int32_t ox = op->backwards ? window->output_width - 1 - j : j;
            const int32_t left = ox * window->stride_width - window->pad_width;
            int32_t column;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &column, &taps.columns);
            taps.input_row_step =
                window->dilation_height * window->input_width * depth - taps.columns * taps.input_column_step;
            taps.weight_row_step = (window->kernel_width - taps.columns) * channels;
            const int32_t pixel =
                (top + row * window->dilation_height) * window->input_width + left + column * window->dilation_width;
            const int8_t *x = input + pixel * depth;
            const int8_t *w = op->weights + (row * window->kernel_width + column) * channels;
            int8_t *to = output + (oy * window->output_width + ox) * channels;
            int32_t channel = 0;
            for (int32_t input_channel = 0; input_channel < depth; input_channel++, x++) {
                for (int32_t n = 0; n < op->multiplier; n++, channel++, w++) {
                    const int32_t sum = sum_of_taps(&taps, x, w, op->input_zero_point, op->requantize.bias[channel]);
                    *to++ = ww_requantize_twice(&op->requantize, channel, sum);
                }
            }
        }
    }
}
