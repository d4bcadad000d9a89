/*
 * Dot products of contiguous runs, sixteen products an instruction (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_pie.h"
#include "ww_pie.h"

WW_KERNEL void ww_dense_pie(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    int8_t *const x = ww_pie_aligned(scratch);
    for (int32_t done = 0; done < op->rows; done++) {
        const int32_t row = op->backwards ? op->rows - done - 1 : done;
        ww_pie_copy(x, input + row * op->row_stride, op->records.depth);
        ww_matmul_pie(&op->records, x, output + row * op->records.channels);
    }
}
