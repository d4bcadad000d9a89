/*
 * Maximum pooling for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels.h"
#include "ww_window_clip.h"

/* The part of a window inside the input; steps in elements. */
struct area {
    int32_t rows;
    int32_t columns;
    int32_t column_step;
    int32_t row_step; /* from the end of one row to the start of the next */
};

static int32_t most_of_area(const struct area *area, const WW_ELEMENT *input, int32_t most)
{
    for (int32_t row = area->rows; row > 0; row--, input += area->row_step) {
        for (int32_t column = area->columns; column > 0; column--, input += area->column_step) {
            most = *input > most ? *input : most;
        }
    }
    return most;
}

WW_KERNEL void WW_FUNCTION(const struct ww_max_pool_2d *op, const void *input, void *output)
{
    WW_ELEMENT *to = output;
    const struct ww_window *window = &op->window;
    const int32_t channels = window->input_channels;
    struct area area;
    area.column_step = channels;
    for (int32_t y = 0; y < window->output_height; y++) {
        const int32_t top = y * window->stride_height - window->pad_height;
        int32_t row;
        ww_clip(top, window->input_height, window->kernel_height, 1, &row, &area.rows);
        for (int32_t x = 0; x < window->output_width; x++) {
            const int32_t left = x * window->stride_width - window->pad_width;
            int32_t column;
            ww_clip(left, window->input_width, window->kernel_width, 1, &column, &area.columns);
            area.row_step = (window->input_width - area.columns) * channels;
            const WW_ELEMENT *corner =
                (const WW_ELEMENT *)input + ((top + row) * window->input_width + left + column) * channels;
            for (int32_t channel = 0; channel < channels; channel++) {
                const int32_t most = most_of_area(&area, corner + channel, op->output_min);
                *to++ = (WW_ELEMENT)(most > op->output_max ? op->output_max : most);
            }
        }
    }
}
