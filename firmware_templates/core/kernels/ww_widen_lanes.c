/*
 * See ww_widen_lanes.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_widen_lanes.h"

WW_KERNEL void ww_widen_lanes(uint32_t *scratch, const int8_t *input, int32_t depth)
{
    const uint32_t *const end = scratch + ww_lane_words(depth);
    for (; depth >= 2; depth -= 2, input += 2) {
        *scratch++ = (uint32_t)input[0] + ((uint32_t)input[1] << 16);
    }
    if (depth > 0) {
        *scratch++ = (uint32_t)*input;
    }
    while (scratch < end) {
        *scratch++ = 0;
    }
}
