/*
 * Depthwise convolution of any shape (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_requantize.h"

static int32_t sum_of_window(const struct ww_depthwise_conv_2d *op, const int8_t *input, int32_t channel, int32_t top,
                             int32_t left, int32_t sum)
{
    const struct ww_window *window = &op->window;
    const int32_t input_channel = channel / op->multiplier;
    const int8_t *weight = op->weights + channel;
    for (int32_t ky = 0; ky < window->kernel_height; ky++) {
        const int32_t y = top + ky * window->dilation_height;
        for (int32_t kx = 0; kx < window->kernel_width; kx++, weight += window->output_channels) {
            const int32_t x = left + kx * window->dilation_width;
            if (y < 0 || y >= window->input_height || x < 0 || x >= window->input_width) {
                continue; /* padding is the zero point and adds nothing */
            }
            const int8_t *pixel = input + (y * window->input_width + x) * window->input_channels;
            sum += (pixel[input_channel] - op->input_zero_point) * *weight;
        }
    }
    return sum;
}

void ww_depthwise_conv_2d(const struct ww_depthwise_conv_2d *op, const int8_t *input, int8_t *output)
{
    const struct ww_window *window = &op->window;
    for (int32_t y = 0; y < window->output_height; y++) {
        for (int32_t x = 0; x < window->output_width; x++) {
            const int32_t top = y * window->stride_height - window->pad_height;
            const int32_t left = x * window->stride_width - window->pad_width;
            for (int32_t channel = 0; channel < window->output_channels; channel++) {
                const int32_t sum = sum_of_window(op, input, channel, top, left, op->requantize.bias[channel]);
                *output++ = ww_requantize_twice(&op->requantize, channel, sum);
            }
        }
    }
}
