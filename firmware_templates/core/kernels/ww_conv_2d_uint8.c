/*
 * Convolutions of uint8 tensors (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_layer_uint8.h"

#include "ww_conv_2d_groups.h"

WW_KERNEL void ww_conv_2d_uint8(const struct ww_conv_2d_uint8 *op, const void *input, void *output)
{
    ww_conv_2d_groups(op, input, output);
}
