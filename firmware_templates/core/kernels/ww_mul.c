/*
 * MUL (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

void ww_mul(const struct ww_mul *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last]) {
            const int32_t product = (*x - op->a_zero_point) * (*y - op->b_zero_point);
            *output++ = ww_to_int8(ww_multiply(product, op->multiplier), &op->output);
        }
    } while (ww_next_row(walk, &at));
}
