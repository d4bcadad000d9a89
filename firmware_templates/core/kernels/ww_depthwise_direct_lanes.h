/*
 * All channels of one position of a depthwise convolution, with scales of ww_scale_directly or ww_scale_bent. Private to
 * the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DEPTHWISE_DIRECT_LANES_H
#define WW_DEPTHWISE_DIRECT_LANES_H

#include "ww_depthwise_rows_lanes.h"
#include "ww_lanes.h"

#if defined(__ARM_ARCH_6M__)

/* What the assembly reads from memory, four bytes each. */
struct ww_channel_loop {
    int32_t first; /* from the bias to the first weight that is used, in bytes */
    int32_t tail;  /* from the end of the weights that are used to the scales */
    uint32_t low_shift;
    uint32_t shift;
    int32_t place; /* from an input to its output */
    const uint32_t *end;
};

/* x r0, record r1, sum r2, the struct above r7 (whose value is put aside: it may be the frame pointer), index r6. */
#define CHANNEL_START                                                                                                  \
    ".syntax unified\n\t"                                                                                              \
    "mov lr, r7\n\t"                                                                                                   \
    "mov r7, %[loop]\n"                                                                                                \
    "0:\n\t"                                                                                                           \
    "ldr r2, [r1]\n\t"                                                                                                 \
    "ldr r3, [r7, #0]\n\t"                                                                                             \
    "adds r1, r3\n\t"                                                                                                  \
    "movs r6, #0\n\t"                                                                                                  \
    "mov r12, r1\n\t"
#define LIMITED                                                                                                        \
    "ldr r3, [r7, #4]\n\t"                                                                                             \
    "adds r1, r3\n\t"                                                                                                  \
    "ldmia r1!, {r3, r4, r5}\n\t"                                                                                      \
    "cmp r2, r3\n\t"                                                                                                   \
    "bls 5f\n\t"                                                                                                       \
    "asrs r2, r2, #31\n\t"                                                                                             \
    "bics r3, r2\n\t"                                                                                                  \
    "movs r2, r3\n"                                                                                                    \
    "5:\n\t"
#define BENT                                                                                                           \
    "ldmia r1!, {r3, r6}\n\t"                                                                                          \
    "cmp r2, r3\n\t"                                                                                                   \
    "sbcs r3, r3\n\t"                                                                                                  \
    "ands r6, r3\n\t"                                                                                                  \
    "subs r5, r6\n\t"
#define CHANNEL_END                                                                                                    \
    "uxth r3, r4\n\t"                                                                                                  \
    "lsrs r4, r4, #16\n\t"                                                                                             \
    "muls r3, r2\n\t"                                                                                                  \
    "muls r4, r2\n\t"                                                                                                  \
    "ldr r6, [r7, #8]\n\t"                                                                                             \
    "lsrs r3, r6\n\t"                                                                                                  \
    "adds r4, r5\n\t"                                                                                                  \
    "adds r4, r3\n\t"                                                                                                  \
    "ldr r6, [r7, #12]\n\t"                                                                                            \
    "lsrs r4, r6\n\t"                                                                                                  \
    "ldr r6, [r7, #16]\n\t"                                                                                            \
    "strb r4, [r0, r6]\n\t"                                                                                            \
    "adds r0, #1\n\t"                                                                                                  \
    "ldr r3, [r7, #20]\n\t"                                                                                            \
    "cmp r1, r3\n\t"                                                                                                   \
    "bne 0b\n\t"                                                                                                       \
    "mov r7, lr"
#define CLOBBERS "r2", "r3", "r4", "r5", "r6", "lr", "cc", "memory"
#define PLAIN_TAP(weight, next)                                                                                        \
    "ldrsb r4, [r0, r6]\n\t"                                                                                           \
    "add r6, " next "\n\t"                                                                                             \
    "muls r4, " weight "\n\t"                                                                                          \
    "adds r2, r4\n\t"
#define OFFSET_TAP(weight, next)                                                                                       \
    "ldrsb r4, [r0, r6]\n\t"                                                                                           \
    "add r6, " next "\n\t"                                                                                             \
    "add r4, r10\n\t"                                                                                                  \
    "muls r4, " weight "\n\t"                                                                                          \
    "adds r2, r4\n\t"
#define TWO_TAPS "ldmia r1!, {r3, r5}\n\t" PLAIN_TAP("r3", "r8") PLAIN_TAP("r5", "r8")

/* Rows of three taps, or of the two of them that lie inside the input: r8 column step, r9 row step, r11 their bytes. */
#define ROWS(code)                                                                                                     \
    __asm__ volatile(CHANNEL_START "add r12, r11\n"                                                                    \
                                   "1:\n\t" code "cmp r1, r12\n\t"                                                     \
                                   "bne 1b\n\t" LIMITED CHANNEL_END                                                    \
                     : [x] "+r"(at), [record] "+r"(record), [loop] "+r"(fixed)                                         \
                     : [step] "r"(step), [row_step] "r"(row_step), [offset] "r"(offset), [used] "r"(used)              \
                     : CLOBBERS)
/* One row of any taps, whose zero point is in the bias: singles, r11 bytes, and fours, r9 bytes. */
#define ONE_ROW(code)                                                                                                  \
    __asm__ volatile(CHANNEL_START "add r12, r11\n\t"                                                                  \
                                   "cmp r1, r12\n\t"                                                                   \
                                   "beq 2f\n"                                                                          \
                                   "1:\n\t"                                                                            \
                                   "ldmia r1!, {r3}\n\t" PLAIN_TAP("r3", "r8") "cmp r1, r12\n\t"                       \
                                                                               "bne 1b\n"                              \
                                                                               "2:\n\t"                                \
                                                                               "add r12, r9\n\t"                       \
                                                                               "cmp r1, r12\n\t"                       \
                                                                               "beq 4f\n"                              \
                                                                               "3:\n\t" TWO_TAPS TWO_TAPS              \
                                                                               "cmp r1, r12\n\t"                       \
                                                                               "bne 3b\n"                              \
                                                                               "4:\n\t" LIMITED code CHANNEL_END       \
                     : [x] "+r"(at), [record] "+r"(record), [loop] "+r"(fixed)                                         \
                     : [step] "r"(step), [row_step] "r"(row_step), [used] "r"(used)                                    \
                     : CLOBBERS)

/* Returns 0 if it computes nothing, as there is no code for such a window. */
static inline int ww_channels_directly(const struct ww_taps *taps, const int8_t *x,
                                       const struct ww_channel_records *records, int32_t channels, int8_t *output)
{
    const int row = taps->rows == 1 && taps->zero_point == 0 && taps->columns == taps->kernel_width;
    const int three = taps->kernel_width == 3 && taps->columns >= 2 && !records->bent;
    if (taps->rows == 0 || !(row || three)) {
        return 0;
    }
    const int32_t words = taps->rows * taps->kernel_width;
    struct ww_channel_loop loop;
    loop.first = 4 * taps->first;
    loop.tail = 4 * (taps->scales - taps->first - words);
    loop.low_shift = records->low_shift;
    loop.shift = records->shift;
    loop.place = (int32_t)(output - x);
    loop.end = records->words + channels * (taps->scales + (records->bent ? 5 : 3));
    register const int8_t *at __asm__("r0") = x;
    register const uint32_t *record __asm__("r1") = records->words;
    register const struct ww_channel_loop *fixed __asm__("r12") = &loop;
    register const int32_t step __asm__("r8") = taps->column_step;
    register const int32_t row_step __asm__("r9") = row ? words / 4 * 16 : taps->row_step;
    register const int32_t offset __asm__("r10") = -taps->zero_point;
    register const int32_t used __asm__("r11") = row ? words % 4 * 4 : 4 * words;
    if (row) {
        if (records->bent) {
            ONE_ROW(BENT);
        } else {
            ONE_ROW("");
        }
    } else if (taps->columns == 3) {
        ROWS("ldmia r1!, {r3, r5}\n\t" OFFSET_TAP("r3", "r8")
                 OFFSET_TAP("r5", "r8") "ldmia r1!, {r3}\n\t" OFFSET_TAP("r3", "r9"));
    } else {
        ROWS("ldmia r1!, {r3, r5}\n\t" OFFSET_TAP("r3", "r8") OFFSET_TAP("r5", "r9") "adds r1, #4\n\t");
    }
    return 1;
}

#undef CHANNEL_START
#undef LIMITED
#undef BENT
#undef CHANNEL_END
#undef CLOBBERS
#undef PLAIN_TAP
#undef OFFSET_TAP
#undef TWO_TAPS
#undef ROWS
#undef ONE_ROW

#else

static inline int ww_channels_directly(const struct ww_taps *taps, const int8_t *x,
                                       const struct ww_channel_records *records, int32_t channels, int8_t *output)
{
    const struct ww_taps local = *taps;
    const uint32_t low_shift = records->low_shift;
    const uint32_t shift = records->shift;
    const uint32_t *record = records->words;
    if (records->bent) {
        return 0;
    }
    for (; channels > 0; channels--, x++, record += 3) {
        const int32_t sum = ww_sum_of_taps(&local, x, (const int32_t *)(record + local.first), (int32_t)record[0]);
        record += local.scales;
        *output++ = ww_scale_directly(sum, record, low_shift, shift);
    }
    return 1;
}

#endif

#endif /* WW_DEPTHWISE_DIRECT_LANES_H */
