/*
 * EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

enum { FRACTION_BITS = 8 }; /* TFLite's left_shift */

static int holds(enum ww_relation relation, int32_t x, int32_t y)
{
    switch (relation) {
    case WW_EQUAL:
        return x == y;
    case WW_NOT_EQUAL:
        return x != y;
    case WW_LESS:
        return x < y;
    case WW_LESS_EQUAL:
        return x <= y;
    case WW_GREATER:
        return x > y;
    default:
        return x >= y;
    }
}

static int32_t real(int32_t x, int32_t zero_point, struct ww_multiplier multiplier)
{
    return ww_multiply((x - zero_point) * (1 << FRACTION_BITS), multiplier);
}

WW_KERNEL void ww_compare(const struct ww_compare *op, const void *a, const void *b, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    uint8_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        for (int32_t i = 0; i < walk->sizes[last]; i++) {
            int32_t x = ww_load(a, at.a + i * walk->a[last], op->type);
            int32_t y = ww_load(b, at.b + i * walk->b[last], op->type);
            if (op->scaled) {
                x = real(x, op->a_zero_point, op->a_multiplier);
                y = real(y, op->b_zero_point, op->b_multiplier);
            }
            *to++ = (uint8_t)holds(op->relation, x, y);
        }
    } while (ww_next_row(walk, &at));
}
