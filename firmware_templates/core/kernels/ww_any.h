/*
 * Channels of the fast kernels whose multiplier or sums lie outside what these rescale in a few instructions. They are
 * rescaled as the portable kernels do it. Private to the kernels.
 *
 * In the place of its rounding such a channel has the least sum that its inputs can give, and its bias is smaller by
 * that much: what is added up is not negative and may fill 32 bits without a sign. In the place of its right shift it
 * has 64 plus the multiplier's shift, and above these eight bits the output's zero point.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_ANY_H
#define WW_ANY_H

#include "ww_requantize.h"

/* Whether any of the channels whose shifts were ORed is of this kind. */
static inline int ww_is_any(uint32_t shifts)
{
    return shifts > 31u;
}

/* `above` is a sum less the least one. */
static inline int8_t ww_rescale_any(uint32_t above, uint32_t least, uint32_t mantissa, uint32_t shift, int once)
{
    const int32_t sum = (int32_t)(above + least);
    const int32_t mantissas[] = {(int32_t)mantissa};
    const int8_t shifts[] = {(int8_t)((int32_t)(shift & 0xFFu) - 64)};
    const struct ww_requantize to = {NULL, mantissas, shifts, (int8_t)(shift >> 8 & 0xFFu), INT8_MIN, INT8_MAX};
    return once ? ww_requantize_once(&to, 0, sum) : ww_requantize_twice(&to, 0, sum);
}

#endif /* WW_ANY_H */
