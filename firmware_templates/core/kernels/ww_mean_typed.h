/*
 * MEAN for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

static int32_t sum_of(const struct ww_walk *walk, const WW_ELEMENT *input, int32_t sum)
{
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const WW_ELEMENT *x = input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last]) {
            sum += *x;
        }
    } while (ww_next_row(walk, &at));
    return sum;
}

WW_KERNEL void WW_FUNCTION(const struct ww_mean *op, const void *input, void *output)
{
    WW_ELEMENT *to = output;
    const struct ww_walk *walk = &op->kept;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const WW_ELEMENT *x = (const WW_ELEMENT *)input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last]) {
            const int32_t sum = sum_of(&op->summed, x, op->bias);
            *to++ = (WW_ELEMENT)ww_in_range(ww_multiply(sum, op->multiplier), &op->output);
        }
    } while (ww_next_row(walk, &at));
}
