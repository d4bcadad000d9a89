/*
 * REDUCE_MAX and REDUCE_MIN (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

static int32_t extreme_of(const struct ww_reduce_extreme *op, const void *input, int32_t start)
{
    const struct ww_walk *walk = &op->reduced;
    const int32_t last = walk->rank - 1;
    int32_t extreme = ww_load(input, start, op->type);
    struct ww_position at = {{0}, 0, 0};
    do {
        int32_t index = start + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, index += walk->a[last]) {
            const int32_t x = ww_load(input, index, op->type);
            extreme = (x > extreme) == (op->maximum != 0) ? x : extreme;
        }
    } while (ww_next_row(walk, &at));
    return extreme;
}

WW_KERNEL void ww_reduce_extreme(const struct ww_reduce_extreme *op, const void *input, void *output)
{
    const struct ww_walk *walk = &op->kept;
    const int32_t last = walk->rank - 1;
    int32_t made = 0;
    struct ww_position at = {{0}, 0, 0};
    do {
        for (int32_t i = 0; i < walk->sizes[last]; i++) {
            ww_store(output, made++, op->type, extreme_of(op, input, at.a + i * walk->a[last]));
        }
    } while (ww_next_row(walk, &at));
}
