/*
 * Rows of inputs as the matrix products with dual 16-bit multiplies read them. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_WIDEN_DSP_H
#define WW_WIDEN_DSP_H

#include "ww_kernels.h"

#include "ww_kernels.h"

/* Words of scratch that `rows` (1 or 2) rows of `depth` inputs take. */
static inline int32_t ww_row_words(int32_t depth, int32_t rows)
{
    return (depth + 7) / 8 * 4 * rows;
}

/*
 * Doubles and widens `depth` inputs into row `row` of `rows`. Rows are interleaved pair by pair; the last eight are
 * filled up with zeros.
 */
void ww_widen_dsp(uint32_t *scratch, int32_t row, int32_t rows, const int8_t *input, int32_t depth);

#endif /* WW_WIDEN_DSP_H */
