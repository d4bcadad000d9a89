/*
 * Convolution in groups for elements of any type. Private to the kernels.
 *
 * The file that includes it includes ww_layer_uint8.h or ww_layer_int16.h first, which define WW_ELEMENT, WW_WEIGHT and
 * WW_SUM, the types of activations, weights and sums, WW_OPERATOR, the struct of parameters, WW_TERM(op, x, w), what a
 * tap adds to the sum, and output_of(op, channel, sum).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CONV_2D_GROUPS_H
#define WW_CONV_2D_GROUPS_H

#include "ww_kernels_types.h"
#include "ww_terms.h"
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

static WW_SUM sum_of_runs(const WW_OPERATOR *op, const struct runs *runs, const WW_ELEMENT *input,
                          const WW_WEIGHT *weights, WW_SUM sum)
{
    for (int32_t row = runs->rows; row > 0; row--) {
        const WW_ELEMENT *x = input;
        const WW_WEIGHT *w = weights;
        for (int32_t column = runs->columns; column > 0; column--) {
            sum = runs->length == 1 ? sum + WW_TERM(op, *x, *w) : ww_add_terms(op, x, w, runs->length, sum);
            x += runs->input_column_step;
            w += runs->weight_column_step;
        }
        input += runs->input_row_step;
        weights += runs->weight_row_step;
    }
    return sum;
}

static void ww_conv_2d_groups(const WW_OPERATOR *op, const WW_ELEMENT *input, WW_ELEMENT *output)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = window->input_channels;
    const int32_t kernel_size = window->kernel_height * window->kernel_width * op->group_depth;
    struct runs runs;
    runs.input_row_step = window->dilation_height * window->input_width * depth;
    runs.weight_row_step = window->kernel_width * op->group_depth;
    runs.input_column_step = window->dilation_width * depth;
    runs.weight_column_step = op->group_depth;
    /* Neighbouring taps are neighbouring pixels unless the kernel is dilated or leaves channels out. */
    const int contiguous = window->dilation_width == 1 && op->group_depth == depth;
    for (int32_t oy = 0; oy < window->output_height; oy++) {
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t row;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &row, &runs.rows);
        for (int32_t ox = 0; ox < window->output_width; ox++) {
            const int32_t left = ox * window->stride_width - window->pad_width;
            int32_t column;
            int32_t columns;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &column, &columns);
            runs.columns = contiguous ? 1 : columns;
            runs.length = contiguous ? columns * depth : op->group_depth;
            const int32_t pixel =
                (top + row * window->dilation_height) * window->input_width + left + column * window->dilation_width;
            const WW_ELEMENT *x = input + pixel * depth;
            const WW_WEIGHT *w = op->weights + (row * window->kernel_width + column) * op->group_depth;
            for (int32_t channel = 0; channel < window->output_channels; x += op->group_depth) {
                for (int32_t n = 0; n < op->group_channels; n++, channel++, w += kernel_size) {
                    *output++ = output_of(op, channel, sum_of_runs(op, &runs, x, w, op->bias[channel]));
                }
            }
        }
    }
}

#endif /* WW_CONV_2D_GROUPS_H */
