/*
 * Matrix product with two products a multiplication (see ww_matmul_lanes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_lanes.h"

#include "ww_dot_lanes.h"
#include "ww_lanes.h"
#include "ww_requantize.h"
#include "ww_widen_lanes.h"

/* Each block: two biases, two words of weights for each two inputs, six words of scales. */
static const uint32_t *after_blocks(const struct ww_channel_records *records)
{
    return records->words + records->channels / 2 * (8 + 2 * ww_lane_words(records->depth));
}

static __attribute__((noinline)) void directly(const struct ww_channel_records *records, const uint32_t *scratch,
                                               const uint32_t *end, int8_t *output)
{
    const uint32_t *w = records->words;
    if (records->channels > 1) {
        w = ww_dot_lanes_directly(scratch, w, end, after_blocks(records), records->low_shift, records->shift, output);
    }
    if (records->channels % 2 != 0) {
        int32_t sums[2];
        w = ww_dot_lanes(scratch, w, end, sums);
        output[records->channels - 1] = ww_scale_directly(sums[0], w, records->low_shift, records->shift);
    }
}

static __attribute__((noinline)) void by_halves(const struct ww_channel_records *records, const uint32_t *scratch,
                                                const uint32_t *end, int8_t *output)
{
    const uint32_t *w = records->words;
    for (int32_t left = records->channels; left > 0; left -= 2, w += 6) {
        int32_t sums[2];
        w = ww_dot_lanes(scratch, w, end, sums);
        *output++ = ww_scale_by_halves(sums[0], w, w[2], w[4], records->round_once);
        if (left > 1) {
            *output++ = ww_scale_by_halves(sums[1], w + 1, w[3], w[5], records->round_once);
        }
    }
}

WW_KERNEL void ww_matmul_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output)
{
    const uint32_t *const end = scratch + ww_lane_words(records->depth);
    (records->shift ? directly : by_halves)(records, scratch, end, output);
    ww_clamp_outputs(output, records->channels, records->output_min, records->output_max);
}
