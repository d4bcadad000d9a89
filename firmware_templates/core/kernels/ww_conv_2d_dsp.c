/*
 * Convolution of any shape with dual 16-bit multiplies (see ww_kernels_packed.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_conv_rows_dsp.h"
#include "ww_matmul_dsp.h"

WW_KERNEL void ww_conv_2d_dsp(const struct ww_conv_2d_packed *op, const int8_t *input, int8_t *output,
                              uint32_t *scratch)
{
    ww_conv_rows_dsp(op, input, output, scratch, ww_matmul_dsp);
}
