/*
 * ADD and SUB of int16 tensors whose scales are powers of two (see ww_kernels_types.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_types.h"

WW_KERNEL void ww_add_powers_int16(const struct ww_add_powers *op, const void *a, const void *b, void *output)
{
    const struct ww_walk *walk = &op->walk;
    const int32_t last = walk->rank - 1;
    int16_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int16_t *x = (const int16_t *)a + at.a;
        const int16_t *y = (const int16_t *)b + at.b;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], y += walk->b[last]) {
            const int32_t first = ww_divide_by_power_of_two(*x, op->a_shift);
            const int32_t second = ww_divide_by_power_of_two(*y, op->b_shift);
            const int32_t sum = op->subtract ? first - second : first + second;
            *to++ = (int16_t)(sum < op->min ? op->min : sum > op->max ? op->max : sum);
        }
    } while (ww_next_row(walk, &at));
}
