/*
 * SELECT and SELECT_V2 (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ww_elements.h"
#include "ww_kernels_functions.h"

WW_KERNEL void ww_select(const struct ww_select *op, const void *condition, const void *a, const void *b, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    uint8_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const uint8_t *holds = condition;
        for (int32_t axis = 0; axis < last; axis++) {
            holds += at.index[axis] * op->condition[axis];
        }
        const uint8_t *x = (const uint8_t *)a + at.a;
        const uint8_t *y = (const uint8_t *)b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last], to += op->bytes) {
            memcpy(to, *holds ? x : y, op->bytes);
            holds += op->condition[last];
        }
    } while (ww_next_row(walk, &at));
}
