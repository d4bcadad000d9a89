/*
 * Convolutions of int16 tensors with int8 weights (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_layer_int16.h"

#include "ww_conv_2d_groups.h"

WW_KERNEL void ww_conv_2d_int16(const struct ww_conv_2d_int16 *op, const void *input, void *output)
{
    ww_conv_2d_groups(op, input, output);
}
