/*
 * As ww_depthwise_conv_2d_lanes, with several outputs for each input channel, or channels of any multiplier among the
 * others (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_any.h"
#include "ww_depthwise_rows_lanes.h"
#include "ww_lanes.h"

static void position(const struct ww_taps *taps, const int8_t *x, const struct ww_depthwise_packed *op,
                     int32_t channels, int8_t *output)
{
    const int32_t depth = op->window.input_channels;
    const int8_t *const end = output + channels;
    const uint32_t *record = op->records.words;
    int32_t made = 0; /* of this input channel, times the input channels: these cores divide by a library call */
    for (; output < end; record += 3) {
        const int32_t sum = ww_sum_of_taps(taps, x, (const int32_t *)(record + taps->first), (int32_t)record[0]);
        record += taps->scales;
        *output++ = ww_is_any(record[2]) ? ww_rescale_any((uint32_t)sum, record[1], record[0], record[2], 0)
                                         : ww_scale_by_halves(sum, record, record[1], record[2], 0);
        made += depth;
        if (made == channels) {
            made = 0;
            x++;
        }
    }
}

WW_KERNEL void ww_depthwise_conv_2d_any_lanes(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    ww_depthwise_rows_lanes(op, op->window.input_channels, input, output, position);
}
