/*
 * Depthwise convolution with multiplier 1 and without padding, sixteen channels an instruction (see
 * ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_pie.h"
#include "ww_requantize.h"

enum { SCALES = 4 };

/* The outputs of a block of channels, whose window begins at `x`; returns what follows the block's weights. */
static const int8_t *block(const struct ww_depthwise_packed *op, const int8_t *x, const int8_t *w, int32_t lanes,
                           int8_t *output)
{
    const struct ww_window *window = &op->window;
    const struct ww_channel_records *records = &op->records;
    const int32_t row_step = window->dilation_height * window->input_width * window->input_channels;
    int32_t sums[WW_PIE_BLOCK];

    ww_pie_start_lanes(sums);
    for (int32_t row = window->kernel_height; row > 0; row--, x += row_step) {
        ww_pie_add_taps(sums, x, window->dilation_width * window->input_channels, w, window->kernel_width, lanes);
        w += window->kernel_width * WW_PIE_BLOCK;
    }
    ww_pie_take_lanes(sums);
    const uint32_t *scales = (const uint32_t *)(const void *)w;
    if (records->shift) {
        for (int32_t i = 0; i < lanes; i++, scales += SCALES) {
            output[i] = ww_pie_directly(records, sums[i], scales);
        }
    } else {
        for (int32_t i = 0; i < lanes; i++, scales += SCALES) {
            output[i] = ww_pie_one_by_one(records, sums[i], scales);
        }
    }
    return w + WW_PIE_BLOCK * SCALES * 4;
}

WW_KERNEL void ww_depthwise_conv_2d_pie(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    const struct ww_window *window = &op->window;
    const struct ww_channel_records *records = &op->records;
    const int32_t positions = window->output_height * window->output_width;
    const int32_t width = window->output_width;
    const int32_t step = op->backwards ? -1 : 1;
    int32_t y = op->backwards ? window->output_height - 1 : 0;
    int32_t x = op->backwards ? width - 1 : 0;
    for (int32_t left = positions; left > 0; left--) {
        const int8_t *start = input + (y * window->stride_height * window->input_width + x * window->stride_width) *
                                          window->input_channels;
        int8_t *const to = output + (y * width + x) * records->channels;
        const int8_t *w = (const int8_t *)records->words;
        for (int32_t channel = 0; channel < records->channels; channel += WW_PIE_BLOCK) {
            const int32_t lanes = records->channels - channel;
            w = block(op, start + channel, w, lanes < WW_PIE_BLOCK ? lanes : WW_PIE_BLOCK, to + channel);
        }
        ww_clamp_outputs(to, records->channels, records->output_min, records->output_max);
        x += step;
        if (x < 0 || x == width) {
            x = op->backwards ? width - 1 : 0;
            y += step;
        }
    }
}
