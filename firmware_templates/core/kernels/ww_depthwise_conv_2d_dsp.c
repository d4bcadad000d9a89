/*
 * Depthwise convolution with multiplier 1, four channels at a time (see ww_kernels.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_dsp.h"
#include "ww_kernels.h"
#include "ww_requantize.h"
#include "ww_window_clip.h"

/* What the outputs of one position have in common. */
struct taps {
    int32_t first;  /* words from the start of a record to the first weight that is used */
    int32_t scales; /* and to its mantissas */
    int32_t rows;
    int32_t columns;
    int32_t input_row_step;  /* from one row of taps to the next, in bytes */
    int32_t weight_row_step; /* from the end of one row to the start of the next, in bytes */
    int32_t column_step;
    uint32_t offsets; /* the negative zero point, twice */
};

/* It takes every register there is, more than unoptimized code and Clang have left. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__OPTIMIZE__) && !defined(__clang__)

/* Written out, as compilers keep four sums and two pairs in memory. */
#define TAP(load)                                                                                                      \
    load "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                                           \
         "sxtab16 %[low], %[offsets], %[bytes]\n\t"                                                                    \
         "sxtab16 %[bytes], %[offsets], %[bytes], ror #8\n\t"                                                          \
         "smlabb %[s0], %[low], %[w0], %[s0]\n\t"                                                                      \
         "smlatt %[s2], %[low], %[w0], %[s2]\n\t"                                                                      \
         "smlabb %[s1], %[bytes], %[w1], %[s1]\n\t"                                                                    \
         "smlatt %[s3], %[bytes], %[w1], %[s3]\n\t"
#define OPERANDS                                                                                                       \
    [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [w0] "=&r"(w0), [w1] "=&r"(w1),           \
        [low] "=&r"(low), [bytes] "=&r"(bytes), [x] "+r"(x), [rows] "+r"(rows)
#define STEPS                                                                                                          \
    [step] "r"(step), [offsets] "r"(offsets), [row_step] "m"(taps->input_row_step), [w_step] "m"(taps->weight_row_step)
#define NEXT_ROW                                                                                                       \
    "ldr %[low], %[row_step]\n\t"                                                                                      \
    "ldr %[bytes], %[w_step]\n\t"                                                                                      \
    "add %[x], %[low]\n\t"                                                                                             \
    "add %[w], %[bytes]\n\t"                                                                                           \
    "subs %[rows], #1\n\t"                                                                                             \
    "bne 0b"

static inline __attribute__((always_inline)) void four_channels(const struct taps *taps, const int8_t *x,
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
        __asm__ volatile("0:\n\t" TAP("ldr %[bytes], [%[x]]\n\t") TAP("ldr %[bytes], [%[x], %[step]]\n\t")
                             TAP("ldr %[bytes], [%[x], %[step], lsl #1]\n\t") "ldr %[low], %[row_step]\n\t"
                                                                              "add %[x], %[low]\n\t"
                                                                              "subs %[rows], #1\n\t"
                                                                              "bne 0b"
                         : OPERANDS:STEPS
                         : "cc", "memory");
    } else if (taps->columns == 2) {
        __asm__ volatile("0:\n\t" TAP("ldr %[bytes], [%[x]]\n\t") TAP("ldr %[bytes], [%[x], %[step]]\n\t") NEXT_ROW
:OPERANDS:STEPS
                         : "cc", "memory");
    } else {
        for (; rows > 0; rows--) {
            const int8_t *const row = x;
            int32_t column = taps->columns;
            for (; column >= 3; column -= 3) {
                __asm__ volatile(TAP("ldr %[bytes], [%[x]]\n\t") TAP("ldr %[bytes], [%[x], %[step]]\n\t")
                                     TAP("ldr %[bytes], [%[x], %[step], lsl #1]\n\t")
                                 : OPERANDS:STEPS
                                 : "memory");
                x += 3 * step;
            }
            for (; column > 0; column--) {
                __asm__ volatile(TAP("ldr %[bytes], [%[x]]\n\tadd %[x], %[step]\n\t") : OPERANDS:STEPS : "memory");
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

#else

static inline __attribute__((always_inline)) void four_channels(const struct taps *taps, const int8_t *x,
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

static __attribute__((noinline)) void all_channels(const struct taps *taps, const int8_t *x, const uint32_t *record,
                                                   int32_t channels, int8_t *output)
{
    const struct taps local = *taps; /* on the stack, where no register has to point at them */
    int8_t *const last = output + channels - 4;
    for (;;) {
        int32_t sums[4] = {(int32_t)record[0], (int32_t)record[1], (int32_t)record[2], (int32_t)record[3]};
        four_channels(&local, x, record + local.first, sums);
        record += local.scales;
        ww_scale_four(record, sums, output);
        record += 12;
        if (output == last) {
            return;
        }
        /* The last block starts early enough to be whole: it does again what the one before it did. */
        const int32_t step = output + 4 > last ? (int32_t)(last - output) : 4;
        output += step;
        x += step;
    }
}

void ww_depthwise_conv_2d_dsp(const struct ww_depthwise_packed *op, const int8_t *input, int8_t *output)
{
    const struct ww_window *window = &op->window;
    const int32_t channels = window->output_channels;
    const uint32_t offset = (uint32_t)-op->input_zero_point & 0xFFFFu;
    struct taps taps;
    taps.input_row_step = window->dilation_height * window->input_width * channels;
    taps.scales = 4 + 2 * window->kernel_height * window->kernel_width;
    taps.column_step = window->dilation_width * channels;
    taps.offsets = offset | offset << 16;
    for (int32_t i = 0; i < window->output_height; i++) {
        const int32_t oy = op->backwards ? window->output_height - 1 - i : i;
        const int32_t top = oy * window->stride_height - window->pad_height;
        int32_t row;
        int32_t rows;
        ww_clip(top, window->input_height, window->kernel_height, window->dilation_height, &row, &rows);
        for (int32_t j = 0; j < window->output_width; j++) {
            const int32_t ox = op->backwards ? window->output_width - 1 - j : j;
            const int32_t left = ox * window->stride_width - window->pad_width;
            int32_t column;
            ww_clip(left, window->input_width, window->kernel_width, window->dilation_width, &column, &taps.columns);
            taps.rows = taps.columns > 0 ? rows : 0;
            taps.first = 4 + 2 * (row * window->kernel_width + column);
            taps.weight_row_step = 8 * (window->kernel_width - taps.columns);
            const int32_t pixel =
                (top + row * window->dilation_height) * window->input_width + left + column * window->dilation_width;
            all_channels(&taps, input + pixel * channels, op->records.words, channels,
                         output + (oy * window->output_width + ox) * channels);
        }
    }
    const int32_t count = window->output_height * window->output_width * channels;
    ww_clamp_outputs(output, count, op->records.output_min, op->records.output_max);
}
