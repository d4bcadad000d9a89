/*
 * Matrix product with dual 16-bit multiplies (see ww_matmul_dsp.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_matmul_dsp.h"

#include "ww_dsp.h"
#include "ww_requantize.h"

#define INLINE static inline __attribute__((always_inline))

void ww_widen_dsp(uint32_t *scratch, int32_t row, int32_t rows, const int8_t *input, int32_t depth)
{
    uint32_t *to = scratch + row;
    int32_t left = depth;
    for (; left >= 4; left -= 4, input += 4, to += 2 * rows) {
        const uint32_t bytes = ww_load_word(input);
        to[0] = ww_low_pair_plus(ww_low_pair(bytes), bytes);
        to[rows] = ww_high_pair_plus(ww_high_pair(bytes), bytes);
    }
    uint32_t bytes = 0;
    for (int32_t i = 0; i < left; i++) {
        bytes |= (uint32_t)(uint8_t)input[i] << (8 * i);
    }
    for (int32_t filled = depth - left; filled < (depth + 7) / 8 * 8; filled += 4, to += 2 * rows, bytes = 0) {
        to[0] = ww_low_pair_plus(ww_low_pair(bytes), bytes);
        to[rows] = ww_high_pair_plus(ww_high_pair(bytes), bytes);
    }
}

#ifdef WW_DSP_LOOPS

/* 15 instructions for 16 products; what compilers make of the C below takes half as many again. */
#define TWO_ROWS                                                                                                       \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                                                \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                                                \
    "sxtb16 %[a], %[w0]\n\t"                                                                                           \
    "smlad %[s00], %[x0], %[a], %[s00]\n\t"                                                                            \
    "smlad %[s10], %[x1], %[a], %[s10]\n\t"                                                                            \
    "sxtb16 %[a], %[w1]\n\t"                                                                                           \
    "smlad %[s01], %[x0], %[a], %[s01]\n\t"                                                                            \
    "smlad %[s11], %[x1], %[a], %[s11]\n\t"                                                                            \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                                                \
    "sxtb16 %[a], %[w0], ror #8\n\t"                                                                                   \
    "smlad %[s00], %[x0], %[a], %[s00]\n\t"                                                                            \
    "smlad %[s10], %[x1], %[a], %[s10]\n\t"                                                                            \
    "sxtb16 %[a], %[w1], ror #8\n\t"                                                                                   \
    "smlad %[s01], %[x0], %[a], %[s01]\n\t"                                                                            \
    "smlad %[s11], %[x1], %[a], %[s11]\n\t"
#define ONE_ROW                                                                                                        \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"                                                                                \
    "ldrd %[w0], %[w1], [%[w]], #8\n\t"                                                                                \
    "sxtb16 %[a], %[w0]\n\t"                                                                                           \
    "smlad %[s00], %[x0], %[a], %[s00]\n\t"                                                                            \
    "sxtb16 %[a], %[w1]\n\t"                                                                                           \
    "smlad %[s01], %[x0], %[a], %[s01]\n\t"                                                                            \
    "sxtb16 %[a], %[w0], ror #8\n\t"                                                                                   \
    "smlad %[s00], %[x1], %[a], %[s00]\n\t"                                                                            \
    "sxtb16 %[a], %[w1], ror #8\n\t"                                                                                   \
    "smlad %[s01], %[x1], %[a], %[s01]\n\t"

/* Eight inputs at a time, unrolled to sixteen: an odd number of eights enters in the middle. */
#define LOOP(group)                                                                                                    \
    "lsrs %[n], %[n], #1\n\t"                                                                                          \
    "bcs 1f\n\t"                                                                                                       \
    "subs %[n], #1\n"                                                                                                  \
    "0:\n\t" group group "1:\n\t" group group "subs %[n], #1\n\t"                                                      \
    "bpl 0b"

/* Two rows times two channels: sums[2 * row + channel]. Returns what follows the weights. */
INLINE const uint32_t *dot_two_rows(const uint32_t *x, const uint32_t *w, int32_t eights, int32_t sums[4])
{
    int32_t s00;
    int32_t s01;
    int32_t s10;
    int32_t s11;
    uint32_t x0;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;
    uint32_t a;
    __asm__ volatile("ldrd %[s00], %[s01], [%[w]], #8\n\t"
                     "mov %[s10], %[s00]\n\t"
                     "mov %[s11], %[s01]\n\t" LOOP(TWO_ROWS)
                     : [x] "+r"(x), [w] "+r"(w), [s00] "=&r"(s00), [s01] "=&r"(s01), [s10] "=&r"(s10), [s11] "=&r"(s11),
                       [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1), [a] "=&r"(a), [n] "+r"(eights)
                     :
                     : "cc", "memory");
    sums[0] = s00;
    sums[1] = s01;
    sums[2] = s10;
    sums[3] = s11;
    return w;
}

/* ww_scale_doubled of two rows of two channels. */
INLINE void rescale_two_rows(const uint32_t *scales, const int32_t sums[4], int8_t *first, int8_t *second)
{
    int32_t s00 = sums[0];
    int32_t s01 = sums[1];
    int32_t s10 = sums[2];
    int32_t s11 = sums[3];
    uint32_t a;
    uint32_t b;
    __asm__("ldrd %[a], %[b], [%[scales]]\n\t"
            "smmulr %[s00], %[s00], %[a]\n\t"
            "smmulr %[s01], %[s01], %[b]\n\t"
            "smmulr %[s10], %[s10], %[a]\n\t"
            "smmulr %[s11], %[s11], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #8]\n\t"
            "add %[s00], %[s00], %[s00], asr #31\n\t"
            "add %[s01], %[s01], %[s01], asr #31\n\t"
            "add %[s10], %[s10], %[s10], asr #31\n\t"
            "add %[s11], %[s11], %[s11], asr #31\n\t"
            "add %[s00], %[a]\n\t"
            "add %[s01], %[b]\n\t"
            "add %[s10], %[a]\n\t"
            "add %[s11], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #16]\n\t"
            "asr %[s00], %[a]\n\t"
            "asr %[s01], %[b]\n\t"
            "asr %[s10], %[a]\n\t"
            "asr %[s11], %[b]\n\t"
            "ssat %[s00], #8, %[s00]\n\t"
            "ssat %[s01], #8, %[s01]\n\t"
            "ssat %[s10], #8, %[s10]\n\t"
            "ssat %[s11], #8, %[s11]\n\t"
            : [s00] "+r"(s00), [s01] "+r"(s01), [s10] "+r"(s10), [s11] "+r"(s11), [a] "=&r"(a), [b] "=&r"(b)
            : [scales] "r"(scales), "m"(*(const uint32_t(*)[6])scales)
            :);
    first[0] = (int8_t)s00;
    first[1] = (int8_t)s01;
    second[0] = (int8_t)s10;
    second[1] = (int8_t)s11;
}

/* One row times two channels. */
INLINE const uint32_t *dot_one_row(const uint32_t *x, const uint32_t *w, int32_t eights, int32_t sums[2])
{
    int32_t s00;
    int32_t s01;
    uint32_t x0;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;
    uint32_t a;
    __asm__ volatile("ldrd %[s00], %[s01], [%[w]], #8\n\t" LOOP(ONE_ROW)
                     : [x] "+r"(x), [w] "+r"(w), [s00] "=&r"(s00), [s01] "=&r"(s01), [x0] "=&r"(x0), [x1] "=&r"(x1),
                       [w0] "=&r"(w0), [w1] "=&r"(w1), [a] "=&r"(a), [n] "+r"(eights)
                     :
                     : "cc", "memory");
    sums[0] = s00;
    sums[1] = s01;
    return w;
}

#else

INLINE void rescale_two_rows(const uint32_t *scales, const int32_t sums[4], int8_t *first, int8_t *second)
{
    for (int channel = 0; channel < 2; channel++) {
        first[channel] =
            (int8_t)ww_scale_doubled(sums[channel], scales[channel], scales[2 + channel], scales[4 + channel]);
        second[channel] =
            (int8_t)ww_scale_doubled(sums[2 + channel], scales[channel], scales[2 + channel], scales[4 + channel]);
    }
}

INLINE const uint32_t *dot_two_rows(const uint32_t *x, const uint32_t *w, int32_t eights, int32_t sums[4])
{
    for (int channel = 0; channel < 2; channel++) {
        sums[channel] = sums[2 + channel] = (int32_t)w[channel];
    }
    w += 2;
    for (int32_t n = 2 * eights; n > 0; n--, x += 4, w += 2) {
        for (int channel = 0; channel < 2; channel++) {
            const uint32_t low = ww_low_pair(w[channel]);
            const uint32_t high = ww_high_pair(w[channel]);
            sums[channel] = ww_dual_multiply(x[2], high, ww_dual_multiply(x[0], low, sums[channel]));
            sums[2 + channel] = ww_dual_multiply(x[3], high, ww_dual_multiply(x[1], low, sums[2 + channel]));
        }
    }
    return w;
}

INLINE const uint32_t *dot_one_row(const uint32_t *x, const uint32_t *w, int32_t eights, int32_t sums[2])
{
    sums[0] = (int32_t)w[0];
    sums[1] = (int32_t)w[1];
    w += 2;
    for (int32_t n = 2 * eights; n > 0; n--, x += 2, w += 2) {
        sums[0] = ww_dual_multiply(x[1], ww_high_pair(w[0]), ww_dual_multiply(x[0], ww_low_pair(w[0]), sums[0]));
        sums[1] = ww_dual_multiply(x[1], ww_high_pair(w[1]), ww_dual_multiply(x[0], ww_low_pair(w[1]), sums[1]));
    }
    return w;
}

#endif

/* What is rare: one row of outputs by TFLite's other rounding, or of an odd channel. */
static __attribute__((noinline)) void rescale_pair(const uint32_t *scales, const int32_t sums[2], int32_t count,
                                                   int once, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = (int8_t)(once ? ww_scale_doubled_once(sums[i], scales[i], scales[2 + i], scales[4 + i])
                                  : ww_scale_doubled(sums[i], scales[i], scales[2 + i], scales[4 + i]));
    }
}

static __attribute__((noinline)) void two_rows(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                               int once, int8_t *output)
{
    int8_t *second = output + channels;
    const int8_t *const end = once ? output : output + channels - 1;
    int32_t sums[4];
    for (; output < end; output += 2, second += 2, w += 6) {
        w = dot_two_rows(x, w, eights, sums);
        rescale_two_rows(w, sums, output, second);
    }
    for (int32_t left = once ? channels : channels & 1; left > 0; left -= 2, output += 2, second += 2, w += 6) {
        w = dot_two_rows(x, w, eights, sums);
        rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
        rescale_pair(w, sums + 2, left > 1 ? 2 : 1, once, second);
    }
}

static __attribute__((noinline)) void one_row(const uint32_t *w, const uint32_t *x, int32_t eights, int32_t channels,
                                              int once, int8_t *output)
{
    const int8_t *const end = once ? output : output + channels - 1;
    int32_t sums[2];
    for (; output < end; output += 2, w += 6) {
        w = dot_one_row(x, w, eights, sums);
        const int32_t first = ww_scale_doubled(sums[0], w[0], w[2], w[4]);
        const int32_t second = ww_scale_doubled(sums[1], w[1], w[3], w[5]);
        output[0] = (int8_t)first;
        output[1] = (int8_t)second;
    }
    for (int32_t left = once ? channels : channels & 1; left > 0; left -= 2, output += 2, w += 6) {
        w = dot_one_row(x, w, eights, sums);
        rescale_pair(w, sums, left > 1 ? 2 : 1, once, output);
    }
}

void ww_matmul_dsp(const struct ww_channel_records *records, const uint32_t *scratch, int32_t rows, int8_t *output)
{
    const int32_t eights = (records->depth + 7) / 8;
    if (rows == 2) {
        two_rows(records->words, scratch, eights, records->channels, records->round_once, output);
    } else {
        one_row(records->words, scratch, eights, records->channels, records->round_once, output);
    }
    ww_clamp_outputs(output, rows * records->channels, records->output_min, records->output_max);
}
