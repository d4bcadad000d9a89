/*
 * The dual 16-bit instructions of Cortex-M4 (Armv7E-M) and ARM11 (Armv6), and the same in plain C, so that the kernels
 * that use them run and are tested anywhere. Private to the kernels.
 *
 * Four int8 values x0..x3 in a word become two words of 16-bit pairs: the low pair (x0, x2) and the high pair (x1, x3).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DSP_H
#define WW_DSP_H

#include <stdint.h>

/* Any alignment: Armv7-M loads words from any address, and Armv6 under Linux. */
static inline uint32_t ww_load_word(const void *from)
{
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

#ifdef __ARM_FEATURE_SIMD32
#define WW_DSP
#ifdef __thumb2__
#define WW_DSP_SCALES /* Armv6's LDRD takes only registers that follow each other */
/* Loops in assembly, for GCC: without optimisation, and for Clang, there are not enough registers for them. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define WW_DSP_LOOPS
#endif
#endif
#endif

#ifdef WW_DSP

static inline uint32_t ww_low_pair(uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
}

static inline uint32_t ww_high_pair(uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}

/* The pairs with `offsets`, a pair itself, added. */
static inline uint32_t ww_low_pair_plus(uint32_t offsets, uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtab16 %0, %1, %2" : "=r"(pair) : "r"(offsets), "r"(bytes));
    return pair;
}

static inline uint32_t ww_high_pair_plus(uint32_t offsets, uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(pair) : "r"(offsets), "r"(bytes));
    return pair;
}

/* sum + a.first * b.first + a.second * b.second */
static inline int32_t ww_dual_multiply(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t ww_multiply_first(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t ww_multiply_second(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* round(a * b / 2^32), halves upwards */
static inline int32_t ww_high_word(int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* floor(sum + a * b / 2^32) */
static inline int32_t ww_high_word_plus(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* round(sum + a * b / 2^32), halves upwards */
static inline int32_t ww_high_word_rounded_plus(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t ww_saturate_to_int8(int32_t x)
{
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

#ifdef WW_DSP_SCALES
/* ww_scale_doubled of four sums, each with its own of four mantissas, four roundings and four shifts, to outputs that
 * lie `apart`. */
static inline void ww_scale_four(const uint32_t *scales, const int32_t doubled[4], int8_t *output, int32_t apart)
{
    int32_t s0 = doubled[0];
    int32_t s1 = doubled[1];
    int32_t s2 = doubled[2];
    int32_t s3 = doubled[3];
    uint32_t a;
    uint32_t b;
    __asm__("ldrd %[a], %[b], [%[scales]]\n\t"
            "smmulr %[s0], %[s0], %[a]\n\t"
            "smmulr %[s1], %[s1], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #8]\n\t"
            "smmulr %[s2], %[s2], %[a]\n\t"
            "smmulr %[s3], %[s3], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #16]\n\t"
            "add %[s0], %[s0], %[s0], asr #31\n\t"
            "add %[s1], %[s1], %[s1], asr #31\n\t"
            "add %[s0], %[a]\n\t"
            "add %[s1], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #24]\n\t"
            "add %[s2], %[s2], %[s2], asr #31\n\t"
            "add %[s3], %[s3], %[s3], asr #31\n\t"
            "add %[s2], %[a]\n\t"
            "add %[s3], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #32]\n\t"
            "asr %[s0], %[a]\n\t"
            "asr %[s1], %[b]\n\t"
            "ldrd %[a], %[b], [%[scales], #40]\n\t"
            "asr %[s2], %[a]\n\t"
            "asr %[s3], %[b]\n\t"
            "ssat %[s0], #8, %[s0]\n\t"
            "ssat %[s1], #8, %[s1]\n\t"
            "ssat %[s2], #8, %[s2]\n\t"
            "ssat %[s3], #8, %[s3]\n\t"
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [a] "=&r"(a), [b] "=&r"(b)
            : [scales] "r"(scales), "m"(*(const uint32_t (*)[12])scales)
            :);
    output[0] = (int8_t)s0;
    output[apart] = (int8_t)s1;
    output[2 * apart] = (int8_t)s2;
    output[3 * apart] = (int8_t)s3;
}
#endif

#else

static inline uint32_t ww_pair(int32_t first, int32_t second)
{
    return ((uint32_t)first & 0xFFFFu) | ((uint32_t)second << 16);
}

static inline int32_t ww_first(uint32_t pair)
{
    return (int16_t)(pair & 0xFFFFu);
}

static inline int32_t ww_second(uint32_t pair)
{
    return (int16_t)(pair >> 16);
}

static inline uint32_t ww_low_pair_plus(uint32_t offsets, uint32_t bytes)
{
    return ww_pair((int8_t)(bytes & 0xFFu) + ww_first(offsets), (int8_t)((bytes >> 16) & 0xFFu) + ww_second(offsets));
}

static inline uint32_t ww_high_pair_plus(uint32_t offsets, uint32_t bytes)
{
    return ww_pair((int8_t)((bytes >> 8) & 0xFFu) + ww_first(offsets), (int8_t)(bytes >> 24) + ww_second(offsets));
}

static inline uint32_t ww_low_pair(uint32_t bytes)
{
    return ww_low_pair_plus(0, bytes);
}

static inline uint32_t ww_high_pair(uint32_t bytes)
{
    return ww_high_pair_plus(0, bytes);
}

/* Wraps, as the instructions do. */
static inline int32_t ww_multiply_first(uint32_t a, uint32_t b, int32_t sum)
{
    return (int32_t)((uint32_t)sum + (uint32_t)(ww_first(a) * ww_first(b)));
}

static inline int32_t ww_multiply_second(uint32_t a, uint32_t b, int32_t sum)
{
    return (int32_t)((uint32_t)sum + (uint32_t)(ww_second(a) * ww_second(b)));
}

static inline int32_t ww_dual_multiply(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_multiply_second(a, b, ww_multiply_first(a, b, sum));
}

static inline int32_t ww_high_word(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
}

static inline int32_t ww_high_word_plus(int32_t a, int32_t b, int32_t sum)
{
    return (int32_t)(((int64_t)a * b >> 32) + sum);
}

static inline int32_t ww_high_word_rounded_plus(int32_t a, int32_t b, int32_t sum)
{
    return ww_high_word(a, b) + sum;
}

static inline int32_t ww_saturate_to_int8(int32_t x)
{
    return x < -128 ? -128 : x > 127 ? 127 : x;
}

#endif

/*
 * Rescales a doubled sum to int8, for right shifts of at least 1 and sums below 2^30 in magnitude. Doubling makes
 * TFLite's first rounding one instruction; the second rounding, halves away from zero, subtracts one from negative
 * numbers. `rounding` holds the half and the output's zero point.
 */
static inline int32_t ww_scale_doubled(int32_t doubled, uint32_t mantissa, uint32_t rounding, uint32_t shift)
{
    const int32_t product = ww_high_word(doubled, (int32_t)mantissa);
    return ww_saturate_to_int8((product + (product >> 31) + (int32_t)rounding) >> shift);
}

/* The same, but rounded once, halves away from zero: the rule of FULLY_CONNECTED. */
static inline int32_t ww_scale_doubled_once(int32_t doubled, uint32_t mantissa, uint32_t rounding, uint32_t shift)
{
    const int64_t product = (int64_t)doubled * (int32_t)mantissa;
    return ww_saturate_to_int8(((int32_t)((product - (product < 0)) >> 32) + (int32_t)rounding) >> shift);
}

#ifndef WW_DSP_SCALES
static inline void ww_scale_four(const uint32_t *scales, const int32_t doubled[4], int8_t *output, int32_t apart)
{
    for (int i = 0; i < 4; i++) {
        output[i * apart] = (int8_t)ww_scale_doubled(doubled[i], scales[i], scales[4 + i], scales[8 + i]);
    }
}
#endif

#endif /* WW_DSP_H */
