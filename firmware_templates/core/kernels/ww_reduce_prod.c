/*
 * REDUCE_PROD (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

/* Rounded once, halves upwards; values beyond 32 bits wrap as in TFLite. */
static int32_t scaled(const struct ww_reduce_prod *op, int64_t x)
{
    return (int32_t)((x * op->mantissa + ((int64_t)1 << (op->shift - 1))) >> op->shift);
}

static int32_t product_of(const struct ww_reduce_prod *op, const int8_t *input)
{
    const struct ww_walk *walk = &op->reduced;
    const int32_t last = walk->rank - 1;
    int32_t product = 0;
    int first = 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last], first = 0) {
            const int32_t factor = *x - op->input_zero_point;
            product = first ? factor : scaled(op, (int64_t)product * factor);
        }
    } while (ww_next_row(walk, &at));
    return scaled(op, product);
}

WW_KERNEL void ww_reduce_prod(const struct ww_reduce_prod *op, const int8_t *input, int8_t *output)
{
    const struct ww_walk *walk = &op->kept;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last]) {
            *output++ = (int8_t)ww_in_range(product_of(op, x), &op->output);
        }
    } while (ww_next_row(walk, &at));
}
