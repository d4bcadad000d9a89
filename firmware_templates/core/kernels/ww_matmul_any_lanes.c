/*
 * Matrix product with two products a multiplication and any multipliers (see ww_matmul_any_lanes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_any_lanes.h"

#include "ww_any.h"
#include "ww_dot_lanes.h"
#include "ww_lanes.h"
#include "ww_widen_lanes.h"

static __attribute__((noinline)) int8_t rescaled(int32_t sum, const uint32_t *scales, int once)
{
    return ww_is_any(scales[4]) ? ww_rescale_any((uint32_t)sum, scales[2], scales[0], scales[4], once)
                                : ww_scale_by_halves(sum, scales, scales[2], scales[4], once);
}

WW_KERNEL void ww_matmul_any_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output)
{
    const uint32_t *const end = scratch + ww_lane_words(records->depth);
    const int once = records->round_once;
    const uint32_t *w = ww_start_rows(records, 1, output);
    for (uint32_t blocks = *records->words; blocks > 0; blocks--, w += 7) {
        int32_t sums[2];
        w = ww_dot_lanes(scratch, w, end, sums);
        const uint32_t places = w[6];
        if (w[5] == WW_ONE_CHANNEL) {
            sums[0] += sums[1];
        } else {
            output[places >> 16] = rescaled(sums[1], w + 1, once);
        }
        output[places & 0xFFFFu] = rescaled(sums[0], w, once);
    }
    ww_clamp_outputs(output, records->channels, records->output_min, records->output_max);
}
