/*
 * Convolution of any shape, sixteen products an instruction (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_pie.h"
#include "ww_patch.h"
#include "ww_pie.h"

WW_KERNEL void ww_conv_2d_pie(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output,
                              uint32_t *scratch)
{
    const struct ww_window *window = &op->window;
    int8_t *const patch = ww_pie_aligned(scratch);
    for (int32_t y = 0; y < window->output_height; y++) {
        for (int32_t x = 0; x < window->output_width; x++, output += op->records.channels) {
            ww_gather_patch(window, input, y * window->stride_height - window->pad_height,
                            x * window->stride_width - window->pad_width, op->input_zero_point, patch);
            ww_matmul_pie(&op->records, patch, output);
        }
    }
}
