/*
 * The matrix product inside the convolutions and the fully connected layer on cores with 32-bit products alone: a row
 * of inputs, two a word (ww_lanes.h), times all channels. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MATMUL_LANES_H
#define WW_MATMUL_LANES_H

#include "ww_kernels.h"

/* Words of scratch for a row of `depth` inputs, filled up to a multiple of eight. */
static inline int32_t ww_lane_words(int32_t depth)
{
    return (depth + 7) / 8 * 4;
}

/* Two inputs a word, zeros at the end. */
void ww_widen_lanes(uint32_t *scratch, const int8_t *input, int32_t depth);

/* A widened row times the weights of all channels. */
void ww_matmul_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output);

#endif /* WW_MATMUL_LANES_H */
