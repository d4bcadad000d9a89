/*
 * ARG_MAX and ARG_MIN (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_cast.h"
#include "ww_kernels_functions.h"

static int32_t place_of(const struct ww_arg_extreme *op, const void *input, int32_t index)
{
    int32_t extreme = ww_load(input, index, op->input_type);
    int32_t place = 0;
    for (int32_t i = 1; i < op->size; i++) {
        index += op->step;
        const int32_t x = ww_load(input, index, op->input_type);
        if (op->maximum ? x > extreme : x < extreme) {
            extreme = x;
            place = i;
        }
    }
    return place;
}

WW_KERNEL void ww_arg_extreme(const struct ww_arg_extreme *op, const void *input, void *output)
{
    const struct ww_walk *walk = &op->kept;
    const int32_t last = walk->rank - 1;
    int32_t made = 0;
    struct ww_position at = {{0}, 0, 0};
    do {
        for (int32_t i = 0; i < walk->sizes[last]; i++) {
            ww_store_cast(output, made++, op->output_type, place_of(op, input, at.a + i * walk->a[last]));
        }
    } while (ww_next_row(walk, &at));
}
