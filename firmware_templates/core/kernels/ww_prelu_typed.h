/*
 * PRELU for elements of any type. Private to the kernels.
 *
 * The file that includes it defines WW_ELEMENT, the type of the elements, WW_SLOPE, that of the slopes, and
 * WW_FUNCTION, the kernel's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

WW_KERNEL void WW_FUNCTION(const struct ww_prelu *op, const void *input, const void *alpha, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    WW_ELEMENT *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const WW_ELEMENT *x = (const WW_ELEMENT *)input + at.a;
        const WW_SLOPE *slope = (const WW_SLOPE *)alpha + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], slope += walk->b[last]) {
            const int32_t value = *x - op->input_zero_point;
            const int32_t scaled = value >= 0 ? ww_multiply(value, op->above)
                                              : ww_multiply(value * (*slope - op->alpha_zero_point), op->below);
            *to++ = (WW_ELEMENT)ww_in_range(scaled, &op->output);
        }
    } while (ww_next_row(walk, &at));
}
