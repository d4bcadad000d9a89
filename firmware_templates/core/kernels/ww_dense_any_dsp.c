/*
 * As ww_dense_dsp, with channels of any multiplier among the others (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dense_rows_dsp.h"
#include "ww_matmul_any_dsp.h"

WW_KERNEL void ww_dense_any_dsp(const struct ww_dense_packed *op, const int8_t *input, int8_t *output,
                                uint32_t *scratch)
{
    ww_dense_rows_dsp(op, input, output, scratch, ww_matmul_any_dsp);
}
