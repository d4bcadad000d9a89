/*
 * ADD and SUB that look up the scaling of both operands; cores differ in how they rescale a sum. Private to the
 * kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_ADD_BY_TABLE_H
#define WW_ADD_BY_TABLE_H

#include "ww_elements.h"
#include "ww_kernels_packed.h"

typedef int8_t ww_rescale_sum(const struct ww_add_packed *op, int32_t sum);

static inline __attribute__((always_inline)) void ww_add_by_table(const struct ww_add_packed *op, const int8_t *a,
                                                                  const int8_t *b, int8_t *output,
                                                                  ww_rescale_sum *rescaled)
{
    const struct ww_add_packed add = *op; /* a copy, because a compiler must assume that output bytes lie in *op */
    const int32_t last = add.walk.rank - 1;
    int8_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = add.walk.sizes[last]; i > 0; i--, x += add.walk.a[last], y += add.walk.b[last]) {
            *to++ = rescaled(&add, add.a_table[*x + 128] + add.b_table[*y + 128]);
        }
    } while (ww_next_row(&add.walk, &at));
    ww_clamp_outputs(output, (int32_t)(to - output), add.output_min, add.output_max);
}

#endif /* WW_ADD_BY_TABLE_H */
