/*
 * All channels of one position of a depthwise convolution whose taps lie in pairs: two rows at once (struct
 * ww_channel_records, `paired`). Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DEPTHWISE_PAIRED_DSP_H
#define WW_DEPTHWISE_PAIRED_DSP_H

#include "ww_depthwise_rows_dsp.h"

/* What a loop over blocks of four channels reads from memory. */
struct ww_block_loop {
    int32_t first;  /* bytes from the biases to the first weight that is used */
    int32_t middle; /* from the last pair that is used to the first tap of the last row */
    int32_t tail;   /* from the last weight that is used to the scales */
    int32_t third;  /* whether three columns are used, not two */
    int32_t pairs;  /* rows of one column, by twos, */
    int32_t single; /* whether there is one more, */
    int32_t back;   /* and how far the inputs have moved behind the pairs */
    int32_t place;  /* from the inputs to the outputs */
    const uint32_t *end;
};

#ifdef WW_DSP_LOOPS

/* Four channels of two rows: sums r0 to r3. */
#define PAIR(load, low, high, first_weights)                                                                           \
    load "pkhbt r6, r4, r5, lsl #16\n\t"                                                                               \
         "pkhtb r4, r5, r4, asr #16\n\t" first_weights low("r5", "r4") high("r4", "r4") "ldrd r6, r8, [%[w]], #8\n\t"  \
                                                                                        "smlad r2, r5, r6, r2\n\t"     \
                                                                                        "smlad r3, r4, r8, r3\n\t"
#define LOW(to, from)         "sxtb16 " to ", " from "\n\t"
#define HIGH(to, from)        "sxtb16 " to ", " from ", ror #8\n\t"
#define OFFSET_LOW(to, from)  "sxtab16 " to ", %[offsets], " from "\n\t"
#define OFFSET_HIGH(to, from) "sxtab16 " to ", %[offsets], " from ", ror #8\n\t"
#define TWO_INPUTS                                                                                                     \
    "ldr r4, [%[x]]\n\t"                                                                                               \
    "ldr r5, [%[x], %[row]]\n\t"
#define OFFSET_PAIR                                                                                                    \
    PAIR(TWO_INPUTS, OFFSET_LOW, OFFSET_HIGH,                                                                          \
         "ldr r8, [%[w]], #4\n\t" OFFSET_LOW("r5", "r6") "smlad r0, r5, r8, r0\n\t"                                    \
                                                         "ldr r8, [%[w]], #4\n\t" OFFSET_HIGH(                         \
                                                             "r6", "r6") "smlad r1, r6, r8, r1\n\t")
#define PLAIN_PAIR                                                                                                     \
    PAIR(TWO_INPUTS "add %[x], %[x], %[row], lsl #1\n\t", LOW, HIGH,                                                   \
         "ldrd r8, lr, [%[w]], #8\n\t" LOW("r5", "r6") HIGH("r6", "r6") "smlad r0, r5, r8, r0\n\t"                     \
                                                                        "smlad r1, r6, lr, r1\n\t")
#define SINGLE(load, low, high)                                                                                        \
    load "ldrd r6, r8, [%[w]], #8\n\t" low("r5", "r4") high("r4", "r4") "smlabb r0, r5, r6, r0\n\t"                    \
                                                                        "smlatt r2, r5, r6, r2\n\t"                    \
                                                                        "smlabb r1, r4, r8, r1\n\t"                    \
                                                                        "smlatt r3, r4, r8, r3\n\t"
#define OFFSET_SINGLE(load) SINGLE(load, OFFSET_LOW, OFFSET_HIGH)
#define OFFSET_SECOND(load)                                                                                            \
    load "ldrd r6, r8, [%[w]], #8\n\t" OFFSET_LOW("r5", "r4") OFFSET_HIGH("r4", "r4") "smlabt r0, r5, r6, r0\n\t"      \
                                                                                      "smlabt r1, r4, r8, r1\n\t"      \
                                                                                      "ldrd r6, r8, [%[w]], #8\n\t"    \
                                                                                      "smlatt r2, r5, r6, r2\n\t"      \
                                                                                      "smlatt r3, r4, r8, r3\n\t"
#define FIRST_INPUTS  "ldr r4, [%[x]]\n\t"
#define SECOND_INPUTS "ldr r4, [%[x], %[step]]\n\t"
#define THIRD_INPUTS  "ldr r4, [%[x], %[step], lsl #1]\n\t"
#define IF_THIRD(code, label)                                                                                          \
    "ldr r4, %[third]\n\t"                                                                                             \
    "cbz r4, " label "f\n\t" code label ":\n\t"
#define SKIP(bytes)                                                                                                    \
    "ldr r4, %[" bytes "]\n\t"                                                                                         \
    "add %[w], r4\n\t"
#define SCALES "ldmia %[w]!, {r4, r5, r6, r8}\n\t"
/* As ww_scale_doubled, and the same where halves of negative products may be rounded upwards. */
#define TWICE(sum, mantissa, rounding)                                                                                 \
    "smmulr " sum ", " sum ", " mantissa "\n\t"                                                                        \
    "add " sum ", " sum ", " sum ", asr #31\n\t"                                                                       \
    "add " sum ", " rounding "\n\t"
#define UPWARDS(sum, mantissa, rounding) "smmlar " sum ", " sum ", " mantissa ", " rounding "\n\t"
#define OUTPUTS(rescaled)                                                                                              \
    SCALES rescaled("r0", "r4", "r6") rescaled("r1", "r5", "r8") SCALES rescaled("r2", "r4", "r6")                     \
        rescaled("r3", "r5", "r8") SCALES "asr r0, r4\n\t"                                                             \
                                          "asr r1, r5\n\t"                                                             \
                                          "asr r2, r6\n\t"                                                             \
                                          "asr r3, r8\n\t"                                                             \
                                          "ldr r4, %[place]\n\t"                                                       \
                                          "ssat r0, #8, r0\n\t"                                                        \
                                          "ssat r1, #8, r1\n\t"                                                        \
                                          "ssat r2, #8, r2\n\t"                                                        \
                                          "ssat r3, #8, r3\n\t"                                                        \
                                          "strb r0, [%[x], r4]\n\t"                                                    \
                                          "add r4, %[x]\n\t"                                                           \
                                          "strb r1, [r4, #1]\n\t"                                                      \
                                          "strb r2, [r4, #2]\n\t"                                                      \
                                          "strb r3, [r4, #3]\n\t"                                                      \
                                          "ldr r5, %[end]\n\t"                                                         \
                                          "adds %[x], #4\n\t"                                                          \
                                          "cmp %[w], r5\n\t"                                                           \
                                          "bne 0b"
#define START                                                                                                          \
    "0:\n\t"                                                                                                           \
    "ldmia %[w]!, {r0-r3}\n\t"
#define CLOBBERS "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "cc", "memory"

/* Three rows of three taps, or of the two of them that lie inside the input. */
#define THREE_ROWS(code)                                                                                               \
    __asm__ volatile(START code OUTPUTS(UPWARDS)                                                                       \
                     : [x] "+r"(x), [w] "+r"(w)                                                                        \
                     : [step] "r"(step), [row] "r"(row), [offsets] "r"(offsets), [first] "m"(loop.first),              \
                       [middle] "m"(loop.middle), [tail] "m"(loop.tail), [third] "m"(loop.third),                      \
                       [place] "m"(loop.place), [end] "m"(loop.end)                                                    \
                     : CLOBBERS)
/* One column of any taps, whose zero point is in the biases. */
#define COLUMN(rescaled)                                                                                               \
    __asm__ volatile(START "ldr %[n], %[pairs]\n\t"                                                                    \
                           "lsrs %[n], %[n], #1\n\t"                                                                   \
                           "bcs 2f\n\t"                                                                                \
                           "subs %[n], #1\n"                                                                           \
                           "1:\n\t" PLAIN_PAIR "2:\n\t" PLAIN_PAIR "subs %[n], #1\n\t"                                 \
                           "bpl 1b\n\t"                                                                                \
                           "ldr r4, %[single]\n\t"                                                                     \
                           "cbz r4, 3f\n\t" SINGLE(FIRST_INPUTS, LOW, HIGH) "3:\n\t"                                   \
                                                                            "ldr r4, %[back]\n\t"                      \
                                                                            "sub %[x], r4\n\t" OUTPUTS(rescaled)       \
                     : [x] "+r"(x), [w] "+r"(w), [n] "=&r"(n)                                                          \
                     : [row] "r"(row), [pairs] "m"(loop.pairs), [single] "m"(loop.single), [back] "m"(loop.back),      \
                       [place] "m"(loop.place), [end] "m"(loop.end)                                                    \
                     : CLOBBERS, "lr")

#endif

/* Where a row's weights lie: in words of its own, or in those of a pair. */
enum ww_row { ALONE, FIRST_OF_PAIR, SECOND_OF_PAIR };

static __attribute__((noinline)) void ww_one_of_rows(const struct ww_taps *taps, enum ww_row kind, const int8_t *x,
                                                     const uint32_t *w, int32_t sums[4])
{
    for (int32_t column = taps->columns; column > 0; column--, x += taps->column_step) {
        const uint32_t bytes = ww_load_word(x);
        const uint32_t low = ww_low_pair_plus(taps->offsets, bytes);
        const uint32_t high = ww_high_pair_plus(taps->offsets, bytes);
        uint32_t w02 = w[0];
        uint32_t w13 = w[1];
        if (kind == FIRST_OF_PAIR) {
            w02 = (w[0] & 0xFFFFu) | w[2] << 16;
            w13 = (w[1] & 0xFFFFu) | w[3] << 16;
        } else if (kind == SECOND_OF_PAIR) {
            w02 = w[0] >> 16 | (w[2] & 0xFFFF0000u);
            w13 = w[1] >> 16 | (w[3] & 0xFFFF0000u);
        }
        w += kind == ALONE ? 2 : 4;
        sums[0] = ww_multiply_first(low, w02, sums[0]);
        sums[2] = ww_multiply_second(low, w02, sums[2]);
        sums[1] = ww_multiply_first(high, w13, sums[1]);
        sums[3] = ww_multiply_second(high, w13, sums[3]);
    }
}

/* One block at any position. */
static __attribute__((noinline)) void ww_paired_block(const struct ww_taps *taps, const struct ww_window *window,
                                                      const int8_t *x, const uint32_t *record, int8_t *output)
{
    const int32_t width = window->kernel_width;
    int32_t sums[4] = {(int32_t)record[0], (int32_t)record[1], (int32_t)record[2], (int32_t)record[3]};
    const int32_t end = taps->row + taps->rows;
    for (int32_t row = taps->row; row < end; row++, x += taps->input_row_step) {
        const uint32_t *const pair = record + 4 + 4 * (row / 2 * width + taps->column);
        if (row % 2 != 0) {
            ww_one_of_rows(taps, SECOND_OF_PAIR, x, pair, sums);
        } else if (row < window->kernel_height - 1) {
            ww_one_of_rows(taps, FIRST_OF_PAIR, x, pair, sums);
        } else {
            ww_one_of_rows(taps, ALONE, x, record + taps->first + 2 * (row - taps->row) * width, sums);
        }
    }
    record += taps->scales;
    for (int32_t i = 0; i < 4; i++) {
        const uint32_t *const scales = record + i / 2 * 4 + i % 2;
        output[i] = (int8_t)ww_scale_doubled(sums[i], scales[0], scales[2], record[8 + i]);
    }
}

#ifdef WW_DSP_LOOPS

/* `blocks` blocks of four channels. Returns 0 if it computes nothing, as there is no code for such a position. */
static inline int ww_paired_loop(const struct ww_taps *taps, const struct ww_window *window, const int8_t *input,
                                 const uint32_t *record, int32_t blocks, int8_t *output)
{
    const int32_t height = window->kernel_height;
    struct ww_block_loop loop;
    loop.place = (int32_t)(output - input);
    loop.end = record + blocks * (taps->scales + 12);
    /* Of a kernel of three by three. */
    const int32_t behind = taps->column + taps->columns;
    loop.first = 16 * taps->column;
    loop.middle = 48 + 8 * taps->column - 16 * behind;
    loop.tail = 24 - 8 * behind;
    loop.third = taps->columns - 2;
    /* All that a frame pointer leaves. */
    register const int8_t *x __asm__("r9") = input;
    register const uint32_t *w __asm__("r10") = record;
    register const int32_t step __asm__("r11") = taps->column_step;
    register const int32_t row __asm__("r12") = taps->input_row_step;
    register const uint32_t offsets __asm__("lr") = taps->offsets;
    if (window->kernel_width == 1 && taps->rows == height && height > 1 && taps->offsets == 0) {
        register int32_t n __asm__("r11");
        loop.pairs = height / 2;
        loop.single = height % 2;
        loop.back = height / 2 * 2 * taps->input_row_step;
        COLUMN(TWICE);
    } else if (taps->rows < 2 || taps->columns < 2) {
        return 0;
    } else if (taps->rows == 3 && taps->columns == 3) {
        THREE_ROWS(OFFSET_PAIR "add %[x], %[step]\n\t" OFFSET_PAIR "add %[x], %[step]\n\t" OFFSET_PAIR
                               "sub %[x], %[x], %[step], lsl #1\n\t"
                               "add %[x], %[x], %[row], lsl #1\n\t" OFFSET_SINGLE(FIRST_INPUTS)
                                   OFFSET_SINGLE(SECOND_INPUTS)
                                       OFFSET_SINGLE(THIRD_INPUTS) "sub %[x], %[x], %[row], lsl #1\n\t");
    } else if (taps->rows == 3) {
        THREE_ROWS(SKIP("first") OFFSET_PAIR
                   "add %[x], %[step]\n\t" OFFSET_PAIR "sub %[x], %[step]\n\t"
                   "add %[x], %[x], %[row], lsl #1\n\t" SKIP("middle") OFFSET_SINGLE(FIRST_INPUTS)
                       OFFSET_SINGLE(SECOND_INPUTS) "sub %[x], %[x], %[row], lsl #1\n\t" SKIP("tail"));
    } else if (taps->row == 0) {
        loop.tail = 72 - 16 * behind;
        THREE_ROWS(SKIP("first") OFFSET_PAIR "add %[x], %[step]\n\t" OFFSET_PAIR "sub %[x], %[step]\n\t" IF_THIRD(
            "add %[x], %[x], %[step], lsl #1\n\t" OFFSET_PAIR "sub %[x], %[x], %[step], lsl #1\n\t", "2") SKIP("tail"));
    } else {
        THREE_ROWS(SKIP("first") OFFSET_SECOND(FIRST_INPUTS) OFFSET_SECOND(SECOND_INPUTS)
                       IF_THIRD(OFFSET_SECOND(THIRD_INPUTS), "2") "add %[x], %[row]\n\t" SKIP("middle")
                           OFFSET_SINGLE(FIRST_INPUTS) OFFSET_SINGLE(SECOND_INPUTS)
                               IF_THIRD(OFFSET_SINGLE(THIRD_INPUTS), "3") "sub %[x], %[row]\n\t" SKIP("tail"));
    }
    return 1;
}

#else

static inline int ww_paired_loop(const struct ww_taps *taps, const struct ww_window *window, const int8_t *x,
                                 const uint32_t *w, int32_t blocks, int8_t *output)
{
    (void)taps, (void)window, (void)x, (void)w, (void)blocks, (void)output;
    return 0;
}

#endif

static __attribute__((noinline)) void ww_paired_blocks(const struct ww_taps *taps, const struct ww_window *window,
                                                       const int8_t *x, const uint32_t *record, int32_t blocks,
                                                       int8_t *output)
{
    if (ww_paired_loop(taps, window, x, record, blocks, output)) {
        return;
    }
    for (; blocks > 0; blocks--, record += taps->scales + 12, x += 4, output += 4) {
        ww_paired_block(taps, window, x, record, output);
    }
}

#endif /* WW_DEPTHWISE_PAIRED_DSP_H */
