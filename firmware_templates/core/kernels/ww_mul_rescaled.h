/*
 * MUL; what differs between cores is how a product is rescaled. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MUL_RESCALED_H
#define WW_MUL_RESCALED_H

#include "ww_elements.h"
#include "ww_kernels_packed.h"

typedef int8_t ww_rescale_product(const struct ww_mul_packed *op, int32_t product);

static inline __attribute__((always_inline)) void ww_mul_rescaled(const struct ww_mul_packed *op, const int8_t *a,
                                                                  const int8_t *b, int8_t *output,
                                                                  ww_rescale_product *rescaled)
{
    const struct ww_mul_packed mul = *op; /* a copy, because a compiler must assume that output bytes lie in *op */
    const int32_t last = mul.walk.rank - 1;
    int8_t *to = output;
    struct ww_position at = {{0}, 0, 0};
    do {
        const int8_t *x = a + at.a;
        const int8_t *y = b + at.b;
        for (int32_t i = mul.walk.sizes[last]; i > 0; i--, x += mul.walk.a[last], y += mul.walk.b[last]) {
            *to++ = rescaled(&mul, (*x - mul.a_zero_point) * (*y - mul.b_zero_point));
        }
    } while (ww_next_row(&mul.walk, &at));
    ww_clamp_outputs(output, (int32_t)(to - output), mul.output_min, mul.output_max);
}

#endif /* WW_MUL_RESCALED_H */
