/*
 * Matrix product with two products a multiplication (see ww_lanes.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_lanes.h"

#include "ww_lanes.h"
#include "ww_requantize.h"

void ww_widen_lanes(uint32_t *scratch, const int8_t *input, int32_t depth)
{
    const uint32_t *const end = scratch + ww_lane_words(depth);
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

/* Two channels; returns what follows the weights. */
static inline const uint32_t *dot(const uint32_t *x, const uint32_t *w, const uint32_t *end, int32_t sums[2])
{
#if defined(__ARM_ARCH_6M__)
    register const uint32_t *at __asm__("r0") = x;
    register const uint32_t *weights __asm__("r1") = w + 2;
    register int32_t s0 __asm__("r2") = (int32_t)w[0];
    register int32_t s1 __asm__("r3") = (int32_t)w[1];
    register const uint32_t *const last __asm__("r12") = end;
    /* The bit that the shift leaves in the carry is what rounding adds. Four inputs, two channels. */
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

void ww_matmul_lanes(const struct ww_channel_records *records, const uint32_t *scratch, int8_t *output)
{
    const uint32_t *const end = scratch + ww_lane_words(records->depth);
    const uint32_t *w = records->words;
    int8_t *to = output;
    for (int32_t left = records->channels; left > 0; left -= 2, w += 6) {
        int32_t sums[2];
        w = dot(scratch, w, end, sums);
        *to++ = ww_scale_by_halves(sums[0], w, w[2], w[4], records->round_once);
        if (left > 1) {
            *to++ = ww_scale_by_halves(sums[1], w + 1, w[3], w[5], records->round_once);
        }
    }
    ww_clamp_outputs(output, records->channels, records->output_min, records->output_max);
}
