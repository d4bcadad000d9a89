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
    int32_t s0 = (int32_t)w[0];
    int32_t s1 = (int32_t)w[1];
    w += 2;
#ifdef WW_LANES_LOOPS
    /* The bit that the shift leaves in the carry is what rounding adds. Four inputs, two channels. */
#define FOUR                                                                                                           \
    "ldmia %[x]!, {r4, r5}\n\t"                                                                                        \
    "ldmia %[w]!, {r6, r7}\n\t"                                                                                        \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs %[s0], r6\n\t"                                                                                               \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs %[s0], r7\n\t"                                                                                               \
    "ldmia %[w]!, {r6, r7}\n\t"                                                                                        \
    "muls r6, r4\n\t"                                                                                                  \
    "muls r7, r5\n\t"                                                                                                  \
    "asrs r6, #16\n\t"                                                                                                 \
    "adcs %[s1], r6\n\t"                                                                                               \
    "asrs r7, #16\n\t"                                                                                                 \
    "adcs %[s1], r7\n\t"
    __asm__ volatile(".syntax unified\n"
                     "0:\n\t" FOUR FOUR "cmp %[x], %[end]\n\t"
                     "bne 0b"
                     : [x] "+l"(x), [w] "+l"(w), [s0] "+l"(s0), [s1] "+l"(s1)
                     : [end] "h"(end)
                     : "r4", "r5", "r6", "r7", "cc", "memory");
#undef FOUR
#else
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
