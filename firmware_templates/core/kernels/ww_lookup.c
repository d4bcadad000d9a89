/*
 * Element-wise functions by table (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels.h"

WW_KERNEL void ww_lookup(const uint8_t table[256], const int8_t *input, void *output, size_t count)
{
    uint8_t *bytes = output;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = table[input[i] + 128];
    }
}
