/*
 * MINIMUM and MAXIMUM for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, and WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

WW_KERNEL void WW_FUNCTION(const struct ww_extreme *op, const void *a, const void *b, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    WW_ELEMENT *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const WW_ELEMENT *x = (const WW_ELEMENT *)a + at.a;
        const WW_ELEMENT *y = (const WW_ELEMENT *)b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last]) {
            *to++ = (*x > *y) == (op->maximum != 0) ? *x : *y;
        }
    } while (ww_next_row(walk, &at));
}
