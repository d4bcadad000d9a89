/*
 * Dot products of a row of inputs, two a word (ww_lanes.h), with the weights of two channels. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DOT_LANES_H
#define WW_DOT_LANES_H

#include <stdint.h>

/* Two channels; returns what follows the weights. */
static inline const uint32_t *ww_dot_lanes(const uint32_t *x, const uint32_t *w, const uint32_t *end, int32_t sums[2])
{
#if defined(__ARM_ARCH_6M__)
    register const uint32_t *at __asm__("r0") = x;
    register const uint32_t *weights __asm__("r1") = w + 2;
    register int32_t s0 __asm__("r2") = (int32_t)w[0];
    register int32_t s1 __asm__("r3") = (int32_t)w[1];
    register const uint32_t *const last __asm__("r12") = end;
    /* Rounding adds the bit that the shift leaves in the carry. Four inputs, two channels. */
#define FOUR                                                                                                           \
    "ldmia %[at]!, {r4, r5}\n\t"                                                                                       \
    "ldmia %[weights]!, {r6, r7}\n\t"                                                                                  \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs %[s0], r6\n\t"                                                                                               \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs %[s0], r7\n\t"                                                                                               \
    "ldmia %[weights]!, {r6, r7}\n\t"                                                                                  \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs %[s1], r6\n\t"                                                                                               \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs %[s1], r7\n\t"
    /* r7 may be the frame pointer: it is put aside, and no operand lies there. */
    __asm__ volatile(".syntax unified\n\t"
                     "mov lr, r7\n"
                     "0:\n\t" FOUR FOUR "cmp %[at], %[last]\n\t"
                     "bne 0b\n\t"
                     "mov r7, lr"
                     : [at] "+r"(at), [weights] "+r"(weights), [s0] "+r"(s0), [s1] "+r"(s1)
                     : [last] "r"(last)
                     : "r4", "r5", "r6", "lr", "cc", "memory");
    w = weights;
#undef FOUR
#else
    int32_t s0 = (int32_t)w[0];
    int32_t s1 = (int32_t)w[1];
    w += 2;
    for (; x < end; x += 2, w += 4) {
        for (int i = 0; i < 2; i++) {
            /* Wraps: only the upper halves count. */
            s0 += (int32_t)(x[i] * w[i] + 0x8000u) >> 16;
            s1 += (int32_t)(x[i] * w[2 + i] + 0x8000u) >> 16;
        }
    }
#endif
    sums[0] = s0;
    sums[1] = s1;
    return w;
}

#endif /* WW_DOT_LANES_H */
