/*
 * See ww_widen_dsp.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_widen_dsp.h"

#include "ww_dsp.h"

WW_KERNEL void ww_widen_dsp(uint32_t *scratch, int32_t row, int32_t rows, const int8_t *input, int32_t depth)
{
    uint32_t *to = scratch + row;
    int32_t left = depth;
    for (; left >= 4; left -= 4, input += 4, to += 2 * rows) {
        const uint32_t bytes = ww_load_word(input);
        to[0] = ww_low_pair_plus(ww_low_pair(bytes), bytes);
        to[rows] = ww_high_pair_plus(ww_high_pair(bytes), bytes);
    }
    uint32_t bytes = 0;
    for (int32_t i = 0; i < left; i++) {
        bytes |= (uint32_t)(uint8_t)input[i] << (8 * i);
    }
    for (int32_t filled = depth - left; filled < (depth + 7) / 8 * 8; filled += 4, to += 2 * rows, bytes = 0) {
        to[0] = ww_low_pair_plus(ww_low_pair(bytes), bytes);
        to[rows] = ww_high_pair_plus(ww_high_pair(bytes), bytes);
    }
}
