/*
 * SQUARED_DIFFERENCE (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

enum { FRACTION_BITS = 7 }; /* TFLite's left_shift */

static int32_t on_common_scale(int8_t x, int32_t zero_point, struct ww_multiplier multiplier)
{
    return ww_multiply((x - zero_point) * (1 << FRACTION_BITS), multiplier);
}

WW_KERNEL void ww_squared_difference(const struct ww_squared_difference *op, const int8_t *a, const int8_t *b,
                                     int8_t *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last]) {
            const int32_t difference = on_common_scale(*x, op->a_zero_point, op->a_multiplier) -
                                       on_common_scale(*y, op->b_zero_point, op->b_multiplier);
            const int32_t scaled = ww_multiply(difference * difference, op->output_multiplier);
            *output++ = (int8_t)ww_in_range(scaled, &op->output);
        }
    } while (ww_next_row(walk, &at));
}
