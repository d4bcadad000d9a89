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

WW_KERNEL void ww_matmul_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output)
{
    const uint32_t *const end = scratch + ww_lane_words(records->depth);
    const uint32_t *w = records->words;
    int8_t *to = output;
    for (int32_t left = records->channels; left > 0; left -= 2, w += 6) {
        int32_t sums[2];
        w = ww_dot_lanes(scratch, w, end, sums);
        *to++ = ww_scale_by_halves(sums[0], w, w[2], w[4], records->round_once);
        if (left > 1) {
            *to++ = ww_scale_by_halves(sums[1], w + 1, w[3], w[5], records->round_once);
        }
    }
    ww_clamp_outputs(output, records->channels, records->output_min, records->output_max);
}
