/*
 * Dot products of contiguous runs with dual 16-bit multiplies (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"

void ww_dense_dsp(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    for (int32_t done = 0; done < op->rows; done += 2) {
        const int32_t rows = done + 1 < op->rows ? 2 : 1;
        const int32_t first = op->backwards ? op->rows - done - rows : done;
        for (int32_t i = 0; i < rows; i++) {
            ww_widen_dsp(scratch, i, rows, input + (first + i) * op->row_stride, op->records.depth);
        }
        ww_matmul_dsp(&op->records, scratch, rows, output + first * op->records.channels);
    }
}
