/*
 * Dot products of one or two rows of inputs, doubled and widened to 16 bits (ww_widen_dsp.h), with the weights of two
 * channels, and how two rows' sums become int8. Private to the kernels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DOT_DSP_H
#define WW_DOT_DSP_H

#include "ww_dsp.h"

#define INLINE static inline __attribute__((always_inline))

#ifdef WW_DSP_LOOPS

/* 15 instructions for 16 products; compilers need half as many again for the C below. */
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

/* ww_scale_doubled of two rows of two channels, which lie `apart`. */
INLINE void rescale_two_rows(const uint32_t *scales, const int32_t sums[4], int8_t *first, int8_t *second,
                             int32_t apart)
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
            : [scales] "r"(scales), "m"(*(const uint32_t (*)[6])scales)
            :);
    first[0] = (int8_t)s00;
    first[apart] = (int8_t)s01;
    second[0] = (int8_t)s10;
    second[apart] = (int8_t)s11;
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

INLINE void rescale_two_rows(const uint32_t *scales, const int32_t sums[4], int8_t *first, int8_t *second,
                             int32_t apart)
{
    for (int channel = 0; channel < 2; channel++) {
        first[channel * apart] =
            (int8_t)ww_scale_doubled(sums[channel], scales[channel], scales[2 + channel], scales[4 + channel]);
        second[channel * apart] =
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

#undef INLINE

#endif /* WW_DOT_DSP_H */
