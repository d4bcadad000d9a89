/*
 * Transposed convolutions of int16 tensors with int8 weights (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_layer_int16.h"

#include "ww_transpose_conv_typed.h"

WW_KERNEL void ww_transpose_conv_int16(const struct ww_conv_2d_int16 *op, const void *input, void *output)
{
    ww_transpose_conv_typed(op, input, output);
}
