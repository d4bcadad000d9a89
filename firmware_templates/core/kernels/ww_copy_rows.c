/*
 * Strided copies (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_kernels.h"

WW_KERNEL void ww_copy_rows(void *output, size_t output_stride, const void *input, size_t input_stride, size_t bytes,
                            size_t rows)
{
    uint8_t *to = output;
    const uint8_t *from = input;
    for (size_t row = 0; row < rows; row++, to += output_stride, from += input_stride) {
        memcpy(to, from, bytes);
    }
}
