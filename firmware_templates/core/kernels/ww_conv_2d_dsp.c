/*
 * Convolution of any shape with dual 16-bit multiplies (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"
#include "ww_patch.h"

void ww_conv_2d_dsp(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = op->records.depth;
    int8_t *const patch = (int8_t *)(scratch + ww_row_words(depth, 2));
    const int32_t positions = window->output_height * window->output_width;
    int32_t x = 0;
    int32_t y = 0;
    for (int32_t done = 0; done < positions; done += 2, output += 2 * op->records.channels) {
        const int32_t rows = done + 1 < positions ? 2 : 1;
        for (int32_t row = 0; row < rows; row++) {
            ww_gather_patch(window, input, y * window->stride_height - window->pad_height,
                            x * window->stride_width - window->pad_width, op->input_zero_point, patch);
            ww_widen_dsp(scratch, row, rows, patch, depth);
            if (++x == window->output_width) {
                x = 0;
                y++;
            }
        }
        ww_matmul_dsp(&op->records, scratch, rows, output);
    }
}
