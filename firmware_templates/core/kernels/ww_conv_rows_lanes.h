/*
 * The positions of ww_conv_2d_lanes and ww_conv_2d_any_lanes: the inputs of each are gathered, widened and multiplied
 * by `matmul`. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CONV_ROWS_LANES_H
#define WW_CONV_ROWS_LANES_H

#include "ww_kernels_packed.h"
#include "ww_patch.h"
#include "ww_widen_lanes.h"

typedef void ww_conv_matmul(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

static inline __attribute__((always_inline)) void ww_conv_rows_lanes(const struct ww_conv_2d_packed *op,
                                                                     const int8_t *input, int8_t *output,
                                                                     uint32_t *scratch, ww_conv_matmul *matmul)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = op->records.depth;
    int8_t *const patch = (int8_t *)(scratch + ww_lane_words(depth));
    for (int32_t y = 0; y < window->output_height; y++) {
        for (int32_t x = 0; x < window->output_width; x++, output += op->records.channels) {
            ww_gather_patch(window, input, y * window->stride_height - window->pad_height,
                            x * window->stride_width - window->pad_width, op->input_zero_point, patch);
            ww_widen_lanes(scratch, patch, depth);
            matmul(&op->records, scratch, output);
        }
    }
}

#endif /* WW_CONV_ROWS_LANES_H */
