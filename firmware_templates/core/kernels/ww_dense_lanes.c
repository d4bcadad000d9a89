/*
 * Dot products of contiguous runs, two products a multiplication (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_lanes.h"

void ww_dense_lanes(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    for (int32_t row = 0; row < op->rows; row++, input += op->row_stride, output += op->records.channels) {
        ww_widen_lanes(scratch, input, op->records.depth);
        ww_matmul_lanes(&op->records, scratch, output);
    }
}
