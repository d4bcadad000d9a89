/*
 * The border of PAD and PADV2 (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_kernels.h"

WW_KERNEL void ww_fill(void *output, const void *value, size_t bytes, size_t count)
{
    uint8_t *to = output;
    if (bytes == 1) {
        memset(to, *(const uint8_t *)value, count);
        return;
    }
    for (size_t i = 0; i < count; i++, to += bytes) {
        memcpy(to, value, bytes);
    }
}
