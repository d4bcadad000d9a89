/*
 * Rows of inputs in the form that the matrix products with two products a multiplication (ww_lanes.h) read. Private to
 * the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_WIDEN_LANES_H
#define WW_WIDEN_LANES_H

#include "ww_kernels.h"

#include "ww_kernels.h"

/* Words of scratch for a row of `depth` inputs, filled up to a multiple of eight. */
static inline int32_t ww_lane_words(int32_t depth)
{
    return (depth + 7) / 8 * 4;
}

/* Two inputs a word, zeros at the end. */
void ww_widen_lanes(uint32_t *scratch, const int8_t *input, int32_t depth);

#endif /* WW_WIDEN_LANES_H */
