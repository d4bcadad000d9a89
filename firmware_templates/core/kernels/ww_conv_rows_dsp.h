/*
 * The positions of ww_conv_2d_dsp and ww_conv_2d_any_dsp: the inputs of two at a time are gathered, widened and
 * multiplied by `matmul`. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CONV_ROWS_DSP_H
#define WW_CONV_ROWS_DSP_H

#include "ww_kernels_packed.h"
#include "ww_patch.h"
#include "ww_widen_dsp.h"

typedef void ww_conv_matmul(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                            int8_t *output);

static inline __attribute__((always_inline)) void ww_conv_rows_dsp(const struct ww_conv_2d_packed *op,
                                                                   const int8_t *input, int8_t *output,
                                                                   uint32_t *scratch, ww_conv_matmul *matmul)
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
        matmul(&op->records, scratch, rows, output);
    }
}

#endif /* WW_CONV_ROWS_DSP_H */
