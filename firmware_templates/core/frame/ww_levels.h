/*
 * From the sums of mel bands to features, without division, and without 64-bit products, which are library calls on small
 * cores. Shared by the fast versions of the front end.
 *
 * A product with a factor b below 2^16 is made of two: (a >> 16) b 2^16 + (a & 0xFFFF) b; a right shift of it is exact if
 * only the second is shifted down.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_LEVELS_H
#define WW_LEVELS_H

#include <stdint.h>

#include "ww_frame.h"
#include "ww_frontend_tables.h"

/* Bits needed to write value: 0 for 0, 32 for 2^31. */
static inline unsigned ww_bit_length(uint32_t value)
{
#if defined(__ARM_FEATURE_CLZ) || defined(__XTENSA__)
    return value == 0 ? 0 : 32 - (unsigned)__builtin_clz(value);
#else
    unsigned length = 0;
    if (value >> 16 != 0) {
        value >>= 16;
        length = 16;
    }
    if (value >> 8 != 0) {
        value >>= 8;
        length += 8;
    }
    if (value >> 4 != 0) {
        value >>= 4;
        length += 4;
    }
    /* Four bits for each of the 16 values that are left. */
    return length + (((value < 8 ? 0x33332210u : 0x44444444u) >> 4 * (value & 7)) & 15);
#endif
}

/*
 * The square root of a value of 48 bits, of which the upper 32 are given and the first two are not both zero. It is
 * rounded down, and off by 1 at most, whatever the lower 16 are.
 *
 * A table and a step of Newton's method give the reciprocal of the root, that the upper 16 bits of the root, and what
 * the square of these leaves gives the lower 8.
 */
static inline uint32_t ww_estimated_root(uint32_t top)
{
    const uint32_t upper = top >> 16;
    const uint32_t guess = WW_ROOT_TABLE_BASE + ww_root_table[(top >> 24) - WW_ROOT_TABLE_FIRST]; /* Q8 */
    const int32_t fault = (int32_t)(0u - upper * (guess * guess));                                /* Q32, below 2^26 */
    const int32_t reciprocal = (int32_t)(guess << 7) + ((int32_t)guess * (fault >> 10) >> 16);    /* Q15 */
    const uint32_t root16 = upper * (uint32_t)reciprocal >> 15;
    const int32_t rest16 = (int32_t)(top - root16 * root16);
    return (root16 << 8) + (uint32_t)((rest16 >> 5) * reciprocal >> 19);
}

/*
 * The rounded square root of 2^32 high + low, below 2^48. Like the original, it rounds the greatest 32-bit values down.
 * The value is shifted up to 48 bits for an estimate, which its remainder corrects.
 */
static inline uint32_t ww_rounded_root(uint32_t high, uint32_t low)
{
    uint32_t top; /* the upper 32 of the 48 bits */
    unsigned excess;
    if (high != 0) {
        excess = (16 - ww_bit_length(high)) & ~1u;
        top = high << (16 + excess) | low >> (16 - excess);
    } else if (low != 0) {
        excess = (32 - ww_bit_length(low)) & ~1u;
        top = low << excess;
        excess += 16;
    } else {
        return 0;
    }
    uint32_t root = ww_estimated_root(top) >> excess / 2;
    int32_t rest = (int32_t)(low - root * root); /* fits 32 bits whatever high is */
    if (rest < 0) {
        rest += (int32_t)(2 * root - 1);
        --root;
    } else if (rest > (int32_t)(2 * root)) {
        rest -= (int32_t)(2 * root + 1);
        ++root;
    }
    return rest > (int32_t)root && (high != 0 || root != UINT16_MAX) ? root + 1 : root;
}

/* Tracks the noise of a channel and subtracts it, but keeps at least 5 % of the signal. */
static inline uint32_t ww_reduce_noise(uint32_t signal, uint32_t *noise_estimate, uint32_t smoothing)
{
    const uint32_t scaled = signal << NOISE_SCALE_BITS;
    const uint32_t before = *noise_estimate;
    const uint32_t keeping = (1u << NOISE_BITS) - smoothing;
    const uint32_t high = (scaled >> 16) * smoothing + (before >> 16) * keeping;
    const uint32_t low = (scaled & 0xFFFF) * smoothing + (before & 0xFFFF) * keeping;
    const uint32_t estimate = (high << (16 - NOISE_BITS)) + (low >> NOISE_BITS);
    *noise_estimate = estimate;

    const uint32_t rest = estimate < scaled ? (scaled - estimate) >> NOISE_SCALE_BITS : 0;
    const uint32_t floor = ((signal >> 16) * NOISE_SIGNAL_FLOOR << (16 - NOISE_BITS)) +
                           ((signal & 0xFFFF) * NOISE_SIGNAL_FLOOR >> NOISE_BITS);
    return rest > floor ? rest : floor;
}

/* Gain for a noise estimate: a parabola in each octave. */
static inline uint32_t ww_gain(uint32_t noise)
{
    if (noise <= 2) {
        return (uint32_t)ww_gain_table[noise];
    }
    const unsigned bits = ww_bit_length(noise);
    const int16_t *octave = ww_gain_table + 2 + 3 * (bits - 2);
    const uint32_t fraction_bits = noise << (32 - bits) << 1;
    const int32_t fraction = (int32_t)(fraction_bits >> (32 - GAIN_FRACTION_BITS));
    const int32_t rise = ((octave[2] * fraction >> 5) + octave[1] * 32) * fraction;
    return (uint32_t)(int16_t)(octave[0] + ((rise + (1 << 14)) >> 15));
}

/* Per-channel amplitude normalisation (PCAN): gain, then a function like a square root that is flat near zero. */
static inline uint32_t ww_control_gain(uint32_t signal, uint32_t noise_estimate)
{
    const uint32_t gain = ww_gain(noise_estimate);
    const uint32_t ratio =
        ((signal >> 16) * gain << (16 - GAIN_SNR_SHIFT)) + ((signal & 0xFFFF) * gain >> GAIN_SNR_SHIFT);
    if (ratio < 2U << GAIN_SNR_BITS) {
        return ratio * ratio >> (2 + 2 * GAIN_SNR_BITS - GAIN_OUTPUT_BITS);
    }
    return (ratio >> (GAIN_SNR_BITS - GAIN_OUTPUT_BITS)) - (1U << GAIN_OUTPUT_BITS);
}

/* 64 times the natural logarithm; 0 for 0 and 1. */
static inline uint16_t ww_logarithm(uint32_t value)
{
    if (value <= 1) {
        return 0;
    }
    const unsigned bits = ww_bit_length(value);
    const uint32_t fraction = value << (32 - bits) << 1 >> (32 - LOG_BITS);
    const uint16_t *segment = ww_log_table + (fraction >> LOG_SEGMENT_BITS);
    const int32_t position = (int32_t)(fraction & ((1U << LOG_SEGMENT_BITS) - 1));
    const int32_t bend = segment[0] + ((segment[1] - segment[0]) * position >> LOG_BITS);

    /* The logarithm to base 2 is (bits - 1) 2^16 + fraction + bend; the latter two are below 2^16. */
    const uint32_t low = fraction + (uint32_t)bend;
    const uint32_t half = 1U << (LOG_BITS - 1);
    const uint32_t natural = (bits - 1 + (low >> LOG_BITS)) * LOG_E_2 + (((low & 0xFFFF) * LOG_E_2 + half) >> LOG_BITS);
    return (uint16_t)(((natural << LOG_SCALE_SHIFT) + half) >> LOG_BITS);
}

static inline void ww_levels(const uint32_t signal[WW_FRONTEND_CHANNELS], uint32_t noise_estimate[WW_FRONTEND_CHANNELS],
                             uint16_t features[WW_FRONTEND_CHANNELS])
{
    uint32_t smoothing = NOISE_SMOOTHING_EVEN;
    for (unsigned i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
        const uint32_t clean = ww_reduce_noise(signal[i], &noise_estimate[i], smoothing);
        features[i] = ww_logarithm(ww_control_gain(clean, noise_estimate[i]) << FFT_CORRECTION_BITS);
        smoothing = NOISE_SMOOTHING_EVEN + NOISE_SMOOTHING_ODD - smoothing;
    }
}

#endif /* WW_LEVELS_H */
