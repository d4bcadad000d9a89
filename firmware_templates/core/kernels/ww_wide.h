/*
 * Multiplying sums of up to 48 bits by real numbers, as TFLite does it. Private to the kernels.
 *
 * Right shifts of negative numbers are arithmetic, as on every compiler this is built with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_WIDE_H
#define WW_WIDE_H

#include "ww_kernels.h"

/* x * multiplier, rounded once, halves upwards; the mantissa has 15 bits: real = mantissa * 2^(shift - 15). */
static inline int32_t ww_multiply_wide(int64_t x, struct ww_multiplier by)
{
    const int bits = 15 - by.shift;
    return (int32_t)((x * by.mantissa + ((int64_t)1 << (bits - 1))) >> bits);
}

/* value >> bits for 128 bits in two halves; the last bit is 1 if any lost bit was 1. */
static inline void ww_shift_right_sticky(uint64_t *high, uint64_t *low, int bits)
{
    const uint64_t lost = *low & (((uint64_t)1 << bits) - 1);
    *low = (*low >> bits) | (*high << (64 - bits)) | (lost != 0);
    *high >>= bits;
}

/*
 * round(x * mantissa * 2^-shift), halves away from zero, for |x| below 2^48 and a mantissa of 53 bits in two words: the
 * product is a double's, so it is first rounded to 53 bits itself, halves to even. The result fits 31 bits.
 */
static inline int32_t ww_multiply_as_double(int64_t x, const uint32_t mantissa[2], int shift)
{
    const uint64_t size = x < 0 ? (uint64_t)-x : (uint64_t)x;
    const uint64_t x_low = size & 0xFFFFFFFFu;
    const uint64_t x_high = size >> 32;
    const uint64_t middle = x_low * mantissa[0] + x_high * mantissa[1];
    uint64_t low = x_low * mantissa[1];
    uint64_t high = x_high * mantissa[0] + (middle >> 32);
    low += middle << 32;
    high += low < middle << 32;
    /* Shifts down to 55 bits: the 53 of the double, the next one, and whether any bit follows. */
    for (; high != 0; shift += -8) {
        ww_shift_right_sticky(&high, &low, 8);
    }
    for (; low >> 55 != 0; shift--) {
        ww_shift_right_sticky(&high, &low, 1);
    }
    if (low >> 54 != 0) {
        low = (low >> 2) + ((low & 3) > 2 || (low & 6) == 6);
        shift -= 2;
    } else if (low >> 53 != 0) {
        low = (low >> 1) + ((low & 3) == 3);
        shift -= 1;
    }
    if (shift > 54) {
        return 0;
    }
    const uint64_t whole = shift <= 0 ? low << -shift : (low + ((uint64_t)1 << (shift - 1))) >> shift;
    return x < 0 ? -(int32_t)whole : (int32_t)whole;
}

#endif /* WW_WIDE_H */
