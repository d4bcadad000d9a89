/*
 * Two signed 16-bit numbers in a word: the instructions of Cortex-M4 (Armv7E-M) and ARM11 (Armv6) for them, and the same
 * in plain C, so that the front end that uses them runs and is tested anywhere. A complex number is a pair, its real part
 * in the lower half.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PAIRS_H
#define WW_PAIRS_H

#include <stdint.h>

#include "ww_fft.h"

#ifdef __GNUC__
#define WW_INLINE   static inline __attribute__((always_inline))
#define WW_UNROLLED _Pragma("GCC unroll 4")
#else
#define WW_INLINE static inline
#define WW_UNROLLED
#endif

WW_INLINE uint32_t ww_pair_at(const void *place)
{
    uint32_t pair;
    __builtin_memcpy(&pair, place, sizeof pair);
    return pair;
}

WW_INLINE void ww_put_pair(void *place, uint32_t pair)
{
    __builtin_memcpy(place, &pair, sizeof pair);
}

#ifdef __ARM_FEATURE_SIMD32

/* One instruction of two operands, and one that adds to a third. */
#define WW_PAIR_OPERATION(name, instruction)                                                                           \
    WW_INLINE uint32_t name(uint32_t a, uint32_t b)                                                                    \
    {                                                                                                                  \
        uint32_t result;                                                                                               \
        __asm__(instruction " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));                                            \
        return result;                                                                                                 \
    }
#define WW_PAIR_PRODUCT(name, instruction)                                                                             \
    WW_INLINE int32_t name(uint32_t a, uint32_t b, int32_t sum)                                                        \
    {                                                                                                                  \
        int32_t result;                                                                                                \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));                              \
        return result;                                                                                                 \
    }

WW_PAIR_OPERATION(ww_add_pairs, "sadd16")
WW_PAIR_OPERATION(ww_subtract_pairs, "ssub16")
WW_PAIR_OPERATION(ww_add_halved, "shadd16")
WW_PAIR_OPERATION(ww_subtract_halved, "shsub16")
WW_PAIR_OPERATION(ww_add_turned, "ssax")      /* a - j b */
WW_PAIR_OPERATION(ww_subtract_turned, "sasx") /* a + j b */
WW_PAIR_PRODUCT(ww_first_product, "smlabb")   /* a.first b.first + sum */
WW_PAIR_PRODUCT(ww_second_product, "smlatb")  /* a.second b.first + sum */
WW_PAIR_PRODUCT(ww_second_square, "smlatt")   /* a.second b.second + sum */
WW_PAIR_PRODUCT(ww_product_sum, "smlad")      /* a.first b.first + a.second b.second + sum */
WW_PAIR_PRODUCT(ww_product_difference, "smlsd")
WW_PAIR_PRODUCT(ww_product_crossed, "smladx") /* a.first b.second + a.second b.first + sum */
WW_PAIR_PRODUCT(ww_word_by_first, "smlawb")   /* (a b.first >> 16) + sum */
WW_PAIR_PRODUCT(ww_word_by_second, "smlawt")

/* The upper halves of both numbers. */
WW_INLINE uint32_t ww_upper_halves(int32_t first, int32_t second)
{
    uint32_t result;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(second), "r"(first));
    return result;
}

/* The lower half of first, and second << shift >> 16. */
#define ww_pair_of(first, second, shift)                                                                               \
    __extension__({                                                                                                    \
        uint32_t pair_;                                                                                                \
        __asm__("pkhbt %0, %1, %2, lsl %3" : "=r"(pair_) : "r"(first), "r"(second), "I"(shift));                       \
        pair_;                                                                                                         \
    })

/* The magnitudes; that of -32768 keeps its sign. */
WW_INLINE uint32_t ww_magnitudes(uint32_t pair)
{
    uint32_t result;
    __asm__("ssub16 %0, %2, %1\n\tsel %0, %0, %1" : "=&r"(result) : "r"(pair), "r"(0) : "cc");
    return result;
}

#else

WW_INLINE int32_t ww_first_of(uint32_t pair)
{
    return (int16_t)(pair & 0xFFFFu);
}

WW_INLINE int32_t ww_second_of(uint32_t pair)
{
    return (int16_t)(pair >> 16);
}

/* Of the lower halves. */
WW_INLINE uint32_t ww_joined(int32_t first, int32_t second)
{
    return ((uint32_t)first & 0xFFFFu) | (uint32_t)second << 16;
}

#define ww_pair_of(first, second, shift) ww_joined((int32_t)(first), (int32_t)((uint32_t)(second) << (shift) >> 16))

WW_INLINE uint32_t ww_upper_halves(int32_t first, int32_t second)
{
    return ww_joined(first >> 16, second >> 16);
}

WW_INLINE uint32_t ww_add_pairs(uint32_t a, uint32_t b)
{
    return ww_joined(ww_first_of(a) + ww_first_of(b), ww_second_of(a) + ww_second_of(b));
}

WW_INLINE uint32_t ww_subtract_pairs(uint32_t a, uint32_t b)
{
    return ww_joined(ww_first_of(a) - ww_first_of(b), ww_second_of(a) - ww_second_of(b));
}

WW_INLINE uint32_t ww_add_halved(uint32_t a, uint32_t b)
{
    return ww_joined((ww_first_of(a) + ww_first_of(b)) >> 1, (ww_second_of(a) + ww_second_of(b)) >> 1);
}

WW_INLINE uint32_t ww_subtract_halved(uint32_t a, uint32_t b)
{
    return ww_joined((ww_first_of(a) - ww_first_of(b)) >> 1, (ww_second_of(a) - ww_second_of(b)) >> 1);
}

WW_INLINE uint32_t ww_add_turned(uint32_t a, uint32_t b)
{
    return ww_joined(ww_first_of(a) + ww_second_of(b), ww_second_of(a) - ww_first_of(b));
}

WW_INLINE uint32_t ww_subtract_turned(uint32_t a, uint32_t b)
{
    return ww_joined(ww_first_of(a) - ww_second_of(b), ww_second_of(a) + ww_first_of(b));
}

/* Wraps, as the instructions do. */
WW_INLINE int32_t ww_accumulate(int32_t product, int32_t sum)
{
    return (int32_t)((uint32_t)product + (uint32_t)sum);
}

WW_INLINE int32_t ww_first_product(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate(ww_first_of(a) * ww_first_of(b), sum);
}

WW_INLINE int32_t ww_second_product(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate(ww_second_of(a) * ww_first_of(b), sum);
}

WW_INLINE int32_t ww_second_square(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate(ww_second_of(a) * ww_second_of(b), sum);
}

WW_INLINE int32_t ww_product_sum(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_second_square(a, b, ww_first_product(a, b, sum));
}

WW_INLINE int32_t ww_product_difference(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate(-(ww_second_of(a) * ww_second_of(b)), ww_first_product(a, b, sum));
}

WW_INLINE int32_t ww_product_crossed(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate(ww_first_of(a) * ww_second_of(b), ww_second_product(a, b, sum));
}

WW_INLINE int32_t ww_word_by_first(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate((int32_t)((int64_t)(int32_t)a * ww_first_of(b) >> 16), sum);
}

WW_INLINE int32_t ww_word_by_second(uint32_t a, uint32_t b, int32_t sum)
{
    return ww_accumulate((int32_t)((int64_t)(int32_t)a * ww_second_of(b) >> 16), sum);
}

WW_INLINE uint32_t ww_magnitudes(uint32_t pair)
{
    const int32_t first = ww_first_of(pair);
    const int32_t second = ww_second_of(pair);
    return ww_joined(first < 0 ? -first : first, second < 0 ? -second : second);
}

#endif

#endif /* WW_PAIRS_H */
