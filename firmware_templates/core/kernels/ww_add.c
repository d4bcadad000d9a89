/*
 * ADD and SUB (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

enum { FRACTION_BITS = 20 }; /* TFLite's left_shift: both operands gain them before they are brought to one scale */

static int32_t on_common_scale(int8_t x, int16_t zero_point, struct ww_multiplier multiplier)
{
    return ww_multiply((x - zero_point) * (1 << FRACTION_BITS), multiplier);
}

void ww_add(const struct ww_add *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last]) {
            const int32_t first = on_common_scale(*x, op->a_zero_point, op->a_multiplier);
            const int32_t second = on_common_scale(*y, op->b_zero_point, op->b_multiplier);
            const int32_t sum = op->subtract ? first - second : first + second;
            *output++ = ww_to_int8(ww_multiply(sum, op->output_multiplier), &op->output);
        }
    } while (ww_next_row(walk, &at));
}
