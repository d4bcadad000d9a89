/*
 * The rows of ww_dense_dsp and ww_dense_any_dsp: two at a time, unless their sums are rounded once, are widened and
 * multiplied by `matmul`. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DENSE_ROWS_DSP_H
#define WW_DENSE_ROWS_DSP_H

#include "ww_kernels_packed.h"
#include "ww_widen_dsp.h"

typedef void ww_dense_matmul(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows,
                             int8_t *output);

static inline __attribute__((always_inline)) void ww_dense_rows_dsp(const struct ww_dense_packed *op,
                                                                    const int8_t *input, int8_t *output,
                                                                    uint32_t *scratch, ww_dense_matmul *matmul)
{
    const int32_t most = op->records.round_once ? 1 : 2;
    for (int32_t done = 0; done < op->rows; done += most) {
        const int32_t rows = done + 1 < op->rows ? most : 1;
        const int32_t first = op->backwards ? op->rows - done - rows : done;
        for (int32_t i = 0; i < rows; i++) {
            ww_widen_dsp(scratch, i, rows, input + (first + i) * op->row_stride, op->records.depth);
        }
        matmul(&op->records, scratch, rows, output + first * op->records.channels);
    }
}

#endif /* WW_DENSE_ROWS_DSP_H */
