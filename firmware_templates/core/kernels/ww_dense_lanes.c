/*
 * Dot products of contiguous runs, two products a multiplication (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_lanes.h"

void ww_dense_lanes(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    for (int32_t done = 0; done < op->rows; done++) {
        const int32_t row = op->backwards ? op->rows - done - 1 : done;
        ww_widen_lanes(scratch, input + row * op->row_stride, op->records.depth);
        ww_matmul_lanes(&op->records, scratch, output + row * op->records.channels);
    }
}
