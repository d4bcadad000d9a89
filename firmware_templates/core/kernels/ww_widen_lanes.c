/*
 * See ww_widen_lanes.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_widen_lanes.h"

WW_KERNEL void ww_widen_lanes(uint32_t *scratch, const int8_t *input, int32_t depth)
{
    const uint32_t *const end = scratch + ww_lane_words(depth);
#if defined(__ARM_ARCH_6M__)
    /* Compilers make an index of every offset: this core loads signed bytes in no other way. */
#define WORD(low, high)                                                                                                \
    "movs " low ", #0\n\t"                                                                                             \
    "ldrsb " low ", [%[input], " low "]\n\t"                                                                           \
    "ldrsb " high ", [%[input], %[one]]\n\t"                                                                           \
    "adds %[input], #2\n\t"                                                                                            \
    "lsls " high ", " high ", #16\n\t"                                                                                 \
    "adds " low ", " high "\n\t"
    const int8_t *const last = input + (depth & ~3);
    if (input < last) {
        const int32_t one = 1;
        __asm__ volatile(".syntax unified\n"
                         "0:\n\t" WORD("r4", "r6") WORD("r5", "r6") "stmia %[scratch]!, {r4, r5}\n\t"
                                                                    "cmp %[input], %[last]\n\t"
                                                                    "bne 0b"
                         : [scratch] "+l"(scratch), [input] "+l"(input)
                         : [last] "hl"(last), [one] "l"(one)
                         : "r4", "r5", "r6", "cc", "memory");
    }
    depth &= 3;
#undef WORD
#endif
    for (; depth >= 2; depth -= 2, input += 2) {
        *scratch++ = (uint32_t)input[0] + ((uint32_t)input[1] << 16);
    }
    if (depth > 0) {
        *scratch++ = (uint32_t)*input;
    }
    while (scratch < end) {
        *scratch++ = 0;
    }
}
