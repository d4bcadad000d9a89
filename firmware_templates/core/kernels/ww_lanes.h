/*
 * Two products by one 32-bit multiplication, for cores that have nothing wider, such as Cortex-M0+. Private to the
 * kernels.
 *
 * With x = x0 + 2^16 x1 and w = w1 + 2^16 w0, the product modulo 2^32 is x0 w1 + 2^16 (x0 w0 + x1 w1): its upper half
 * is the sum of both products once the lower half, of 15 bits and a sign, is rounded away. That sum fits 16 bits unless
 * all four numbers are -128, which the compiler excludes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_LANES_H
#define WW_LANES_H

#include <stdint.h>

/*
 * An accumulator below 2^29 in magnitude to the output's int8, as TFLite rounds it, by 16-bit halves: a 64-bit product
 * is a library call on these cores. `rounding` holds a half of the last place and the output's zero point.
 */
static inline int8_t ww_scale_by_halves(int32_t accumulator, const uint32_t *mantissa, uint32_t rounding,
                                        uint32_t shift, int once)
{
    const int32_t m_low = (int32_t)(*mantissa & 0xFFFFu);
    const int32_t m_high = (int32_t)(*mantissa >> 16);
    const int32_t low = (int16_t)accumulator;
    const int32_t high = (accumulator - low) >> 16;
    const int32_t lowest = low * m_low;
    const int32_t middle = (lowest >> 16) + low * m_high + high * m_low;
    int32_t product = 2 * high * m_high;
    if (once) {
        product += middle >> 15;
        product -= accumulator < 0 && (((uint32_t)lowest & 0xFFFFu) | ((uint32_t)middle & 0x7FFFu)) == 0;
    } else {
        product += (middle + (1 << 14)) >> 15;
        product += product >> 31; /* halves away from zero */
    }
    const int32_t result = (product + (int32_t)rounding) >> shift;
    return (int8_t)(result < -128 ? -128 : result > 127 ? 127 : result);
}

#endif /* WW_LANES_H */
