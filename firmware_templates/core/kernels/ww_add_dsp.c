/*
 * ADD and SUB with both operands' scaling looked up, for cores with a 64-bit product (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dsp.h"
#include "ww_elements.h"

void ww_add_dsp(const struct ww_add_packed *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    const struct ww_add_packed add = *op; /* a copy: an output byte might lie in *op, for all a compiler knows */
    const int32_t last = add.walk.rank - 1;
    int8_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = add.walk.sizes[last]; i > 0; i--, x += add.walk.a[last], y += add.walk.b[last]) {
            const int32_t sum = add.a_table[*x + 128] + add.b_table[*y + 128];
            *to++ = (int8_t)ww_scale_doubled(sum, add.mantissa, add.rounding, add.shift);
        }
    } while (ww_next_row(&add.walk, &at));
    ww_clamp_outputs(output, (int32_t)(to - output), add.output_min, add.output_max);
}
