/*
 * Maximum pooling for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels.h"

static WW_ELEMENT most_of_window(const struct ww_max_pool_2d *op, const WW_ELEMENT *input, int32_t channel, int32_t top,
                                 int32_t left)
{
    const struct ww_window *window = &op->window;
    int32_t most = op->output_min;
    for (int32_t ky = 0; ky < window->kernel_height; ky++) {
        for (int32_t kx = 0; kx < window->kernel_width; kx++) {
            const int32_t y = top + ky;
            const int32_t x = left + kx;
            if (y >= 0 && y < window->input_height && x >= 0 && x < window->input_width) {
                const int32_t value = input[(y * window->input_width + x) * window->input_channels + channel];
                most = value > most ? value : most;
            }
        }
    }
    return (WW_ELEMENT)(most > op->output_max ? op->output_max : most);
}

WW_KERNEL void WW_FUNCTION(const struct ww_max_pool_2d *op, const void *input, void *output)
{
    WW_ELEMENT *to = output;
    const struct ww_window *window = &op->window;
    for (int32_t y = 0; y < window->output_height; y++) {
        for (int32_t x = 0; x < window->output_width; x++) {
            for (int32_t channel = 0; channel < window->output_channels; channel++) {
                *to++ = most_of_window(op, input, channel, y * window->stride_height - window->pad_height,
                                           x * window->stride_width - window->pad_width);
            }
        }
    }
}
