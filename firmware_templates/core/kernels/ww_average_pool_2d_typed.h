/*
 * Average pooling for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels.h"

struct area {
    int32_t rows;
    int32_t columns;
    int32_t column_step; /* elements */
    int32_t row_step;    /* from the end of one row to the start of the next */
};

static WW_ELEMENT mean_of_area(const struct area *area, const WW_ELEMENT *input, int32_t low, int32_t high)
{
    const int32_t count = area->rows * area->columns;
    const int32_t step = area->column_step;
    int32_t sum = 0;
    for (int32_t row = area->rows; row > 0; row--, input += area->row_step) {
        int32_t column = area->columns;
        for (; column >= 4; column -= 4, input += 4 * step) {
            sum += input[0] + input[step] + input[2 * step] + input[3 * step];
        }
        for (; column > 0; column--, input += step) {
            sum += *input;
        }
    }
    const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    return (WW_ELEMENT)(mean < low ? low : mean > high ? high : mean);
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

WW_KERNEL void WW_FUNCTION(const struct ww_average_pool_2d *op, const void *input, void *output)
{
    WW_ELEMENT *to = output;
    const struct ww_window *window = &op->window;
    const int32_t channels = window->input_channels;
    for (int32_t y = 0; y < window->output_height; y++) {
        const int32_t top = y * window->stride_height - window->pad_height;
        const int32_t first_row = larger(top, 0);
        const int32_t rows = smaller(top + window->kernel_height, window->input_height) - first_row;
        for (int32_t x = 0; x < window->output_width; x++) {
            const int32_t left = x * window->stride_width - window->pad_width;
            const int32_t first = larger(left, 0);
            const int32_t columns = smaller(left + window->kernel_width, window->input_width) - first;
            struct area area = {rows, columns, channels, (window->input_width - columns) * channels};
            if (area.row_step == 0) {
                area.columns *= rows; /* whole rows follow each other */
                area.rows = 1;
            }
            const WW_ELEMENT *corner = (const WW_ELEMENT *)input + (first_row * window->input_width + first) * channels;
            for (int32_t channel = 0; channel < channels; channel++) {
                *to++ = mean_of_area(&area, corner + channel, op->output_min, op->output_max);
            }
        }
    }
}
