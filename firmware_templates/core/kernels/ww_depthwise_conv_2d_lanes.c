/*
 * Depthwise convolution with multiplier 1 for cores without 64-bit products (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_depthwise_direct_lanes.h"

static int8_t rescaled(const struct ww_channel_records *records, int32_t sum, const uint32_t *scales)
{
    if (records->bent) {
        return ww_scale_bent(sum, scales, records->low_shift, records->shift);
    }
    return records->shift ? ww_scale_directly(sum, scales, records->low_shift, records->shift)
                          : ww_scale_by_halves(sum, scales, scales[1], scales[2], 0);
}

static void all_channels(const struct ww_taps *taps, const int8_t *x, const struct ww_channel_records *records,
                         int32_t channels, int8_t *output)
{
    const uint32_t *record = records->words;
    if (records->shift && ww_channels_directly(taps, x, records, channels, output)) {
        return;
    }
    for (; channels > 0; channels--, x++, record += records->bent ? 5 : 3) {
        const int32_t sum = ww_sum_of_taps(taps, x, (const int32_t *)(record + taps->first), (int32_t)record[0]);
        record += taps->scales;
        *output++ = rescaled(records, sum, record);
    }
}

static inline void position(const struct ww_taps *taps, const int8_t *x, const struct ww_depthwise_packed *op,
                            int32_t channels, int8_t *output)
{
    all_channels(taps, x, &op->records, channels, output);
}

WW_KERNEL void ww_depthwise_conv_2d_lanes(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    ww_depthwise_rows_lanes(op, op->window.output_channels, input, output, position);
}
