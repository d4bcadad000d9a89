/*
 * As ww_conv_2d_lanes, with channels of any multiplier among the others (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_conv_rows_lanes.h"
#include "ww_matmul_any_lanes.h"

WW_KERNEL void ww_conv_2d_any_lanes(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output,
                                    uint32_t *scratch)
{
    ww_conv_rows_lanes(op, input, output, scratch, ww_matmul_any_lanes);
}
