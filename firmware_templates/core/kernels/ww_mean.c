/*
 * MEAN (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"

static int32_t sum_of(const struct ww_walk *walk, const int8_t *input, int32_t sum)
{
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last]) {
            sum += *x;
        }
    } while (ww_next_row(walk, &at));
    return sum;
}

void ww_mean(const struct ww_mean *op, const int8_t *input, int8_t *output)
{
    const struct ww_walk *walk = &op->kept;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = input + at.a;
        for (int32_t i = 0; i < walk->sizes[last]; i++, x += walk->a[last]) {
            *output++ = ww_to_int8(ww_multiply(sum_of(&op->summed, x, op->bias), op->multiplier), &op->output);
        }
    } while (ww_next_row(walk, &at));
}
