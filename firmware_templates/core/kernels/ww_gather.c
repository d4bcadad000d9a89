/*
 * GATHER (see ww_kernels_shapes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"
#include "ww_kernels_shapes.h"

WW_KERNEL void ww_gather(const struct ww_gather *op, const void *input, const void *indices, void *output)
{
    const uint8_t *from = input;
    uint8_t *to = output;
    for (int32_t batch = 0; batch < op->batches; batch++) {
        for (int32_t outer = 0; outer < op->outer; outer++, from += (size_t)op->size * op->bytes) {
            for (int32_t i = 0; i < op->count; i++, to += op->bytes) {
                const int64_t index = ww_load_cast(indices, batch * op->count + i, op->index_type);
                const size_t item = index < 0 ? 0 : (size_t)(index < op->size ? index : op->size - 1);
                memcpy(to, from + item * op->bytes, op->bytes);
            }
        }
    }
}
