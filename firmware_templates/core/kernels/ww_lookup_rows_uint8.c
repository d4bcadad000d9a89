/*
 * Copies by table (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_kernels_types.h"

WW_KERNEL void ww_lookup_rows_uint8(const uint8_t table[256], void *output, size_t output_stride, const void *input,
                                    size_t input_stride, size_t bytes, size_t rows)
{
    const uint8_t *from = input;
    uint8_t *to = output;
    for (size_t row = 0; row < rows; row++, from += input_stride, to += output_stride) {
        for (size_t i = 0; i < bytes; i++) {
            to[i] = table[from[i]];
        }
    }
}
