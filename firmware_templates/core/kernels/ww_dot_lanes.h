/*
 * Dot products of a row of inputs, two a word (ww_lanes.h), with the weights of two channels. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DOT_LANES_H
#define WW_DOT_LANES_H

#include "ww_lanes.h"

#if defined(__ARM_ARCH_6M__)
/* Four inputs, two channels. Rounding adds the bit that the shift leaves in the carry. */
#define FOUR                                                                                                           \
    "ldmia r0!, {r4, r5}\n\t"                                                                                          \
    "ldmia r1!, {r6, r7}\n\t"                                                                                          \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs r2, r6\n\t"                                                                                                  \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs r2, r7\n\t"                                                                                                  \
    "ldmia r1!, {r6, r7}\n\t"                                                                                          \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs r3, r6\n\t"                                                                                                  \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs r3, r7\n\t"
#endif

/* Two channels; returns what follows the weights. */
static inline const uint32_t *ww_dot_lanes(const uint32_t *x, const uint32_t *w, const uint32_t *end, int32_t sums[2])
{
#if defined(__ARM_ARCH_6M__)
    register const uint32_t *at __asm__("r0") = x;
    register const uint32_t *weights __asm__("r1") = w + 2;
    register int32_t s0 __asm__("r2") = (int32_t)w[0];
    register int32_t s1 __asm__("r3") = (int32_t)w[1];
    register const uint32_t *const last __asm__("r12") = end;
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

/* Pairs of outputs with scales of ww_scale_directly, as many as there are records before `w_end`. */
static inline const uint32_t *ww_dot_lanes_directly(const uint32_t *x, const uint32_t *w, const uint32_t *end,
                                                    const uint32_t *w_end, uint32_t low_shift, uint32_t shift,
                                                    int8_t *output)
{
#if defined(__ARM_ARCH_6M__)
    register const uint32_t *weights __asm__("r1") = w;
    register uint32_t shifts __asm__("r8") = low_shift << 8 | shift; /* a shift takes the lowest eight bits */
    register const uint32_t *start __asm__("r9") = x;
    register const uint32_t *last_weights __asm__("r10") = w_end;
    register int8_t *to __asm__("r11") = output;
    register const uint32_t *const last __asm__("r12") = end;
    __asm__ volatile(".syntax unified\n\t"
                     "mov lr, r7\n"
                     "0:\n\t"
                     "mov r0, %[start]\n\t"
                     "ldmia r1!, {r2, r3}\n"
                     "1:\n\t" FOUR FOUR "cmp r0, %[last]\n\t"
                     "bne 1b\n\t"
                     "mov r0, %[shifts]\n\t"
                     "lsrs r0, r0, #8\n\t"
                     "mov r7, %[to]\n\t" WW_DIRECT_OUTPUT("r2", "#0")
                         WW_DIRECT_OUTPUT("r3", "#1") "adds r7, #2\n\t"
                                                      "mov %[to], r7\n\t"
                                                      "cmp r1, %[last_weights]\n\t"
                                                      "bne 0b\n\t"
                                                      "mov r7, lr"
                     : [weights] "+r"(weights), [to] "+r"(to)
                     : [start] "r"(start), [last] "r"(last), [shifts] "r"(shifts), [last_weights] "r"(last_weights)
                     : "r0", "r2", "r3", "r4", "r5", "r6", "lr", "cc", "memory");
    return weights;
#else
    for (; w < w_end; w += 6, output += 2) {
        int32_t sums[2];
        w = ww_dot_lanes(x, w, end, sums);
        output[0] = ww_scale_directly(sums[0], w, low_shift, shift);
        output[1] = ww_scale_directly(sums[1], w + 3, low_shift, shift);
    }
    return w;
#endif
}

#if defined(__ARM_ARCH_6M__)
#undef FOUR
#endif

#endif /* WW_DOT_LANES_H */
