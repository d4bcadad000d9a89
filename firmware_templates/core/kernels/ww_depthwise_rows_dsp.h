/*
 * Depthwise convolution with dual 16-bit multiplies: sums of four channels, and the loop over all positions. Private to
 * the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DEPTHWISE_ROWS_DSP_H
#define WW_DEPTHWISE_ROWS_DSP_H

#include "ww_dsp.h"
#include "ww_kernels_packed.h"
#include "ww_requantize.h"
#include "ww_window_clip.h"

/* What the outputs of one position have in common. */
struct ww_taps {
    int32_t first;  /* words from the start of a record to the first weight that is used */
    int32_t scales; /* and to its mantissas */
    int32_t row;    /* the first tap inside the input, and how many there are */
    int32_t column;
    int32_t rows;
    int32_t columns;
    int32_t input_row_step;  /* from one row of taps to the next, in bytes */
    int32_t weight_row_step; /* from the end of one row to the start of the next, in bytes */
    int32_t column_step;
    uint32_t offsets; /* the negative zero point, twice */
};

#ifdef WW_DSP_LOOPS

/* Written out, because compilers would keep four sums and two pairs in memory. */
#define TAP(load)                                                                                                      \
    load "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                                           \
         "sxtab16 %[low], %[offsets], %[bytes]\n\t"                                                                    \
         "sxtab16 %[bytes], %[offsets], %[bytes], ror #8\n\t"                                                          \
         "smlabb %[s0], %[low], %[w0], %[s0]\n\t"                                                                      \
         "smlatt %[s2], %[low], %[w0], %[s2]\n\t"                                                                      \
         "smlabb %[s1], %[bytes], %[w1], %[s1]\n\t"                                                                    \
         "smlatt %[s3], %[bytes], %[w1], %[s3]\n\t"
#define FIRST_TAP  TAP("ldr %[bytes], [%[x]]\n\t")
#define SECOND_TAP TAP("ldr %[bytes], [%[x], %[step]]\n\t")
#define THIRD_TAP  TAP("ldr %[bytes], [%[x], %[step], lsl #1]\n\t")
#define NEXT_INPUTS                                                                                                    \
    "ldr %[low], %[row_step]\n\t"                                                                                      \
    "add %[x], %[low]\n\t"
#define NEXT_WEIGHTS                                                                                                   \
    "ldr %[low], %[w_step]\n\t"                                                                                        \
    "add %[w], %[low]\n\t"
#define UNTIL_LAST_ROW                                                                                                 \
    "subs %[rows], #1\n\t"                                                                                             \
    "bne 0b"
#define OPERANDS                                                                                                       \
    [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [w0] "=&r"(w0), [w1] "=&r"(w1),           \
        [low] "=&r"(low), [bytes] "=&r"(bytes), [x] "+r"(x)
/* The steps are read from the stack (callers copy the struct), where their address needs no register. */
#define ROWS(code)                                                                                                     \
    __asm__ volatile("0:\n\t" code UNTIL_LAST_ROW                                                                      \
                     : OPERANDS, [rows] "+r"(rows)                                                                     \
                     : [step] "r"(step), [offsets] "r"(offsets), [row_step] "m"(taps->input_row_step),                 \
                       [w_step] "m"(taps->weight_row_step)                                                             \
                     : "cc", "memory")
#define TAPS(code) __asm__ volatile("" code : OPERANDS : [step] "r"(step), [offsets] "r"(offsets) : "memory")

static inline __attribute__((always_inline)) void ww_four_channels(const struct ww_taps *taps, const int8_t *x,
                                                                   const uint32_t *w, int32_t sums[4])
{
    const int32_t step = taps->column_step;
    const uint32_t offsets = taps->offsets;
    int32_t s0 = sums[0];
    int32_t s1 = sums[1];
    int32_t s2 = sums[2];
    int32_t s3 = sums[3];
    uint32_t w0;
    uint32_t w1;
    uint32_t low;
    uint32_t bytes;
    int32_t rows = taps->rows;
    if (rows == 0) {
        return;
    }
    if (taps->columns == 3 && taps->weight_row_step == 0) {
        ROWS(FIRST_TAP SECOND_TAP THIRD_TAP NEXT_INPUTS);
    } else if (taps->columns == 2) {
        ROWS(FIRST_TAP SECOND_TAP NEXT_INPUTS NEXT_WEIGHTS);
    } else {
        for (; rows > 0; rows--) {
            const int8_t *const row = x;
            int32_t column = taps->columns;
            for (; column >= 3; column -= 3) {
                TAPS(FIRST_TAP SECOND_TAP THIRD_TAP);
                x += 3 * step;
            }
            for (; column > 0; column--) {
                TAPS(FIRST_TAP "add %[x], %[step]\n\t");
            }
            x = row + taps->input_row_step;
            w += taps->weight_row_step / 4;
        }
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

#undef TAP
#undef FIRST_TAP
#undef SECOND_TAP
#undef THIRD_TAP
#undef NEXT_INPUTS
#undef NEXT_WEIGHTS
#undef UNTIL_LAST_ROW
#undef OPERANDS
#undef ROWS
#undef TAPS

#else

static inline __attribute__((always_inline)) void ww_four_channels(const struct ww_taps *taps, const int8_t *x,
                                                                   const uint32_t *w, int32_t sums[4])
{
    const int32_t step = taps->column_step;
    const uint32_t offsets = taps->offsets;
    for (int32_t row = taps->rows; row > 0; row--, x += taps->input_row_step, w += taps->weight_row_step / 4) {
        for (int32_t column = 0; column < taps->columns; column++, w += 2) {
            const uint32_t bytes = ww_load_word(x + column * step);
            const uint32_t low = ww_low_pair_plus(offsets, bytes);
            const uint32_t high = ww_high_pair_plus(offsets, bytes);
            sums[0] = ww_multiply_first(low, w[0], sums[0]);
            sums[2] = ww_multiply_second(low, w[0], sums[2]);
            sums[1] = ww_multiply_first(high, w[1], sums[1]);
            sums[3] = ww_multiply_second(high, w[1], sums[3]);
        }
    }
}

#endif

typedef void ww_position(const struct ww_taps *taps, const int8_t *x, const struct ww_depthwise_packed *op,
                         int32_t channels, int8_t *output);

/* Calls `position` for every position, with the first of its `depth` inputs and its outputs, `channels` of them. */
static inline __attribute__((always_inline)) void ww_depthwise_rows_dsp(const struct ww_depthwise_packed *op,
                                                                        int32_t depth, const int8_t *input,
                                                                        int8_t *output, ww_position *position)
{
    const struct ww_window *window = &op->window;
    const int32_t channels = window->output_channels;
    const uint32_t offset = (uint32_t)-op->input_zero_point & 0xFFFFu;
    struct ww_taps taps;
    taps.input_row_step = window->dilation_height * window->input_width * depth;
    taps.scales = 4 + 2 * window->kernel_height * window->kernel_width;
    taps.column_step = window->dilation_width * depth;
    taps.offsets = offset | offset << 16;
    for (int32_t i = 0; i < window->output_height; i++) {
        const int32_t oy = op->backwards ? window->output_height - 1 - i : i;
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t rows;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &taps.row, &rows);
        for (int32_t j = 0; j < window->output_width; j++) {
            const int32_t ox = op->backwards ? window->output_width - 1 - j : j;
            const int32_t left = ox * window->stride_width - window->pad_width;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &taps.column,
                    &taps.columns);
            taps.rows = taps.columns > 0 ? rows : 0;
            taps.first = 4 + 2 * (taps.row * window->kernel_width + taps.column);
            taps.weight_row_step = 8 * (window->kernel_width - taps.columns);
            const int32_t pixel = (top + taps.row * window->dilation_height) * window->input_width + left +
                                  taps.column * window->dilation_width;
            position(&taps, input + pixel * depth, op, channels, output + (oy * window->output_width + ox) * channels);
        }
    }
    const int32_t count = window->output_height * window->output_width * channels;
    ww_clamp_outputs(output, count, op->records.output_min, op->records.output_max);
}

#endif /* WW_DEPTHWISE_ROWS_DSP_H */
