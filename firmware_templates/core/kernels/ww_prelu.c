/*
 * PRELU (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

void ww_prelu(const struct ww_prelu *op, const int8_t *input, const int8_t *alpha, int8_t *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = input + at.a;
        const int8_t *slope = alpha + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], slope += walk->b[last]) {
            const int32_t value = *x - op->input_zero_point;
            const int32_t scaled = value >= 0 ? ww_multiply(value, op->above)
                                              : ww_multiply(value * (*slope - op->alpha_zero_point), op->below);
            *output++ = ww_to_int8(scaled, &op->output);
        }
    } while (ww_next_row(walk, &at));
}
