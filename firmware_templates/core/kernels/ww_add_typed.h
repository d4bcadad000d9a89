/*
 * ADD and SUB for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, WW_FUNCTION, the kernel's name, and
 * WW_FRACTION_BITS.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

static inline int32_t on_common_scale(WW_ELEMENT x, int32_t zero_point, struct ww_multiplier multiplier)
{
    return ww_multiply((x - zero_point) * (1 << WW_FRACTION_BITS), multiplier);
}

WW_KERNEL void WW_FUNCTION(const struct ww_add *op, const void *a, const void *b, void *output)
{
    const struct ww_add add = *op; /* a copy, because a compiler must assume that output bytes lie in *op */
    const int32_t last = add.walk.rank - 1;
    WW_ELEMENT *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const WW_ELEMENT *x = (const WW_ELEMENT *)a + at.a;
        const WW_ELEMENT *y = (const WW_ELEMENT *)b + at.b;
        for (int32_t i = add.walk.sizes[last]; i > 0; i--, x += add.walk.a[last], y += add.walk.b[last]) {
            const int32_t first = on_common_scale(*x, add.a_zero_point, add.a_multiplier);
            const int32_t second = on_common_scale(*y, add.b_zero_point, add.b_multiplier);
            const int32_t sum = add.subtract ? first - second : first + second;
            *to++ = (WW_ELEMENT)ww_in_range(ww_multiply(sum, add.output_multiplier), &add.output);
        }
    } while (ww_next_row(&add.walk, &at));
}
