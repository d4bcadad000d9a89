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

/*
 * The output of a sum `above` the greatest one that gives the lowest output. `scales`: from where on the output is the
 * highest, the upper and the lower half of the multiplier, and the start. The compiler has made sure that the products
 * do not leave 32 bits, and that every sum gives the output that TFLite's rounding gives.
 */
static inline int8_t ww_scale_directly(int32_t above, const uint32_t scales[3], uint32_t low_shift, uint32_t shift)
{
    const uint32_t x = (uint32_t)(above<0 ? 0 : above>(int32_t) scales[0] ? (int32_t)scales[0] : above);
    const uint32_t product = x * (scales[1] >> 16) + (x * (scales[1] & 0xFFFFu) >> low_shift);
    return (int8_t)(((product + scales[2]) >> shift) & 0xFFu);
}

/* The same with a line that is lower by scales[4] below a sum of scales[3]. */
static inline int8_t ww_scale_bent(int32_t above, const uint32_t scales[5], uint32_t low_shift, uint32_t shift)
{
    const uint32_t below = above < (int32_t)scales[3] ? scales[4] : 0;
    const uint32_t lower[3] = {scales[0], scales[1], scales[2] - below};
    return ww_scale_directly(above, lower, low_shift, shift);
}

#if defined(__ARM_ARCH_6M__)
/* ww_scale_directly of a sum in a register, with the scales at r1, the shifts in r0 and r8, and the output `place` behind r7. */
#define WW_DIRECT_OUTPUT(sum, place)                                                                                   \
    "ldmia r1!, {r4, r5, r6}\n\t"                                                                                      \
    "cmp " sum ", r4\n\t"                                                                                              \
    "bls 2f\n\t"                                                                                                       \
    "asrs " sum ", " sum ", #31\n\t"                                                                                   \
    "bics r4, " sum "\n\t"                                                                                             \
    "movs " sum ", r4\n"                                                                                               \
    "2:\n\t"                                                                                                           \
    "uxth r4, r5\n\t"                                                                                                  \
    "lsrs r5, r5, #16\n\t"                                                                                             \
    "muls r4, " sum "\n\t"                                                                                             \
    "muls r5, " sum "\n\t"                                                                                             \
    "lsrs r4, r0\n\t"                                                                                                  \
    "adds r5, r6\n\t"                                                                                                  \
    "adds r5, r4\n\t"                                                                                                  \
    "mov r6, r8\n\t"                                                                                                   \
    "lsrs r5, r6\n\t"                                                                                                  \
    "strb r5, [r7, " place "]\n\t"
#endif

#endif /* WW_LANES_H */
