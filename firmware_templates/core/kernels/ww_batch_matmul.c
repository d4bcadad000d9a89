/*
 * BATCH_MATMUL (see ww_kernels_functions.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_elements.h"
#include "ww_kernels_functions.h"

static int8_t *multiplied(const struct ww_batch_matmul *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    for (int32_t row = 0; row < op->rows; row++) {
        for (int32_t column = 0; column < op->columns; column++) {
            const int8_t *x = a + row * op->a_row;
            const int8_t *y = b + column * op->b_column;
            int32_t sum = 0;
            for (int32_t i = 0; i < op->depth; i++, x += op->a_depth, y += op->b_depth) {
                sum += (*x - op->a_zero_point) * (*y - op->b_zero_point);
            }
            *output++ = (int8_t)ww_in_range(ww_multiply(sum, op->multiplier), &op->output);
        }
    }
    return output;
}

WW_KERNEL void ww_batch_matmul(const struct ww_batch_matmul *op, const int8_t *a, const int8_t *b, int8_t *output)
{
    const struct ww_walk *walk = &op->batches;
    const int32_t last = walk->rank - 1;
    struct ww_position at = {{0}, 0, 0};
    do {
        for (int32_t i = 0; i < walk->sizes[last]; i++) {
            output = multiplied(op, a + at.a + i * walk->a[last], b + at.b + i * walk->b[last], output);
        }
    } while (ww_next_row(walk, &at));
}
