/*
 * ADD and SUB (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

enum { FRACTION_BITS = 20 }; /* TFLite's left_shift: both operands gain them before they are brought to one scale */

static inline int32_t on_common_scale(int8_t x, int32_t zero_point, struct ww_multiplier multiplier)
{
    return ww_multiply((x - zero_point) * (1 << FRACTION_BITS), multiplier);
}

void ww_add(const struct ww_add *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    const struct ww_add add = *op; /* a copy: output bytes might alias what op points to, for all a compiler knows */
    const int32_t last = add.walk.rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = add.walk.sizes[last]; i > 0; i--, x += add.walk.a[last], y += add.walk.b[last]) {
            const int32_t first = on_common_scale(*x, add.a_zero_point, add.a_multiplier);
            const int32_t second = on_common_scale(*y, add.b_zero_point, add.b_multiplier);
            const int32_t sum = add.subtract ? first - second : first + second;
            *output++ = ww_to_int8(ww_multiply(sum, add.output_multiplier), &add.output);
        }
    } while (ww_next_row(&add.walk, &at));
}
