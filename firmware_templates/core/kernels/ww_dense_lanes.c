/*
 * Dot products of contiguous runs, two products a multiplication (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dense_rows_lanes.h"
#include "ww_matmul_lanes.h"

WW_KERNEL void ww_dense_lanes(const struct ww_dense_packed *op, const int8_t *input, int8_t *output, uint32_t *scratch)
{
    ww_dense_rows_lanes(op, input, output, scratch, ww_matmul_lanes);
}
