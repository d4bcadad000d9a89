/*
 * Convolution of any shape, two products a multiplication (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_lanes.h"
#include "ww_patch.h"

void ww_conv_2d_lanes(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    const struct ww_window *window = &op->window;
    const int32_t depth = op->records.depth;
    int8_t *const patch = (int8_t *)(scratch + ww_lane_words(depth));
    for (int32_t y = 0; y < window->output_height; y++) {
        for (int32_t x = 0; x < window->output_width; x++, output += op->records.channels) {
            ww_gather_patch(window, input, y * window->stride_height - window->pad_height,
                            x * window->stride_width - window->pad_width, op->input_zero_point, patch);
            ww_widen_lanes(scratch, patch, depth);
            ww_matmul_lanes(&op->records, scratch, output);
        }
    }
}
