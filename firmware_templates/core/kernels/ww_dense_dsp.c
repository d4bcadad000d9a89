/*
 * Dot products of contiguous runs with dual 16-bit multiplies (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"

void ww_dense_dsp(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    for (int32_t row = 0; row < op->rows; row += 2, output += 2 * op->records.channels) {
        const int32_t rows = row + 1 < op->rows ? 2 : 1;
        for (int32_t i = 0; i < rows; i++, input += op->row_stride) {
            ww_widen_dsp(scratch, i, rows, input, op->records.depth);
        }
        ww_matmul_dsp(&op->records, scratch, rows, output);
    }
}
