/*
 * Copies along several axes (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_elements.h"

WW_KERNEL void ww_strided_copy(const struct ww_strided_copy *op, const void *input, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    const uint8_t *from_start = input;
    uint8_t *to_start = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const uint8_t *from = from_start + at.a;
        uint8_t *to = to_start + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, from += walk->a[last], to += walk->b[last]) {
            if (op->bytes == 1) {
                *to = *from;
            } else {
                memcpy(to, from, op->bytes);
            }
        }
    } while (ww_next_row(walk, &at));
}
