/*
 * Dot products for elements of any type. Private to the kernels.
 *
 * The file that includes it includes ww_layer_uint8.h or ww_layer_int16.h first, or defines what they define.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_TERMS_H
#define WW_TERMS_H

#include <stdint.h>

enum { WW_TERMS_OF_32_BITS = 256 }; /* a term takes 23 bits at most */

/* sum plus the terms of `count` neighbouring inputs and weights. */
static inline WW_SUM ww_add_terms(const WW_OPERATOR *op, const WW_ELEMENT *x, const WW_WEIGHT *w, int32_t count,
                                  WW_SUM sum)
{
    (void)op;
    while (count > 0) {
        int32_t left = count < WW_TERMS_OF_32_BITS ? count : WW_TERMS_OF_32_BITS;
        int32_t part = 0;
        count -= left;
        for (; left >= 4; left -= 4, x += 4, w += 4) {
            part += WW_TERM(op, x[0], w[0]);
            part += WW_TERM(op, x[1], w[1]);
            part += WW_TERM(op, x[2], w[2]);
            part += WW_TERM(op, x[3], w[3]);
        }
        for (; left > 0; left--, x++, w++) {
            part += WW_TERM(op, *x, *w);
        }
        sum += part;
    }
    return sum;
}

#endif /* WW_TERMS_H */
