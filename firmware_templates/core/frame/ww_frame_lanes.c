/*
 * The stages of a feature frame for cores whose widest product has 32 bits; see ww_frame.h.
 *
 * Sums stay in 32 bits until they are stored, where they wrap to 16 as the plain version's do: nothing before can
 * overflow, as a quarter is at most 8191. After ww_frame_transform a point holds the energy of its bin, the lower half in
 * `re`, the upper in `im`.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frame.h"

#include "ww_frontend_tables.h"
#include "ww_levels.h"

/* A butterfly has more numbers than a core has registers; scheduled early, it has more of them at once. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

enum {
    QUARTER_TURN = 128,  /* in entries of ww_cosine_table */
    QUARTER = 32767 / 4, /* the scale of a pass, Q15 */
    HALF = 32767 / 2,    /* and that of the separation of the real halves */
    ROUNDING = 1 << 14,
    HALF_WINDOW = WW_FRONTEND_WINDOW_SAMPLES / 2,
};

/* With -Os, the complex helpers would become calls. */
#ifdef __GNUC__
#define INLINE   static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 4")
#else
#define INLINE static inline
#define UNROLLED
#endif

/* Keeps GCC from narrowing a sum that is stored in 16 bits, which costs it an instruction for each term. */
INLINE int32_t kept(int32_t value)
{
#ifdef __GNUC__
    __asm__("" : "+r"(value));
#endif
    return value;
}

struct wide {
    int32_t re;
    int32_t im;
};

INLINE struct wide scaled(struct ww_complex a, int32_t factor)
{
    const struct wide result = {(a.re * factor + ROUNDING) >> 15, (a.im * factor + ROUNDING) >> 15};
    return result;
}

/* exp(-2 pi j index / 512) */
INLINE struct wide twiddle(unsigned index)
{
    const struct wide result = {ww_cosine_table[index], ww_cosine_table[index + QUARTER_TURN]};
    return result;
}

INLINE struct wide turned(struct wide a, struct wide w)
{
    const struct wide result = {(a.re * w.re - a.im * w.im + ROUNDING) >> 15,
                                (a.re * w.im + a.im * w.re + ROUNDING) >> 15};
    return result;
}

INLINE void butterfly(struct ww_complex *p, unsigned span, struct wide a, struct wide b, struct wide c, struct wide d)
{
    const struct wide even = {a.re + c.re, a.im + c.im};
    const struct wide even_difference = {a.re - c.re, a.im - c.im};
    const struct wide odd = {b.re + d.re, b.im + d.im};
    const struct wide odd_difference = {b.re - d.re, b.im - d.im};
    p[0].re = (int16_t)kept(even.re + odd.re);
    p[0].im = (int16_t)kept(even.im + odd.im);
    p[span].re = (int16_t)kept(even_difference.re + odd_difference.im);
    p[span].im = (int16_t)kept(even_difference.im - odd_difference.re);
    p[2 * span].re = (int16_t)kept(even.re - odd.re);
    p[2 * span].im = (int16_t)kept(even.im - odd.im);
    p[3 * span].re = (int16_t)kept(even_difference.re - odd_difference.im);
    p[3 * span].im = (int16_t)kept(even_difference.im + odd_difference.re);
}

/* The place that the first pass reads: the index's four base-4 digits, of which the last is 0, in reverse order. */
INLINE unsigned reversed(unsigned block)
{
    return (block & 3) << 4 | (block & 12) | block >> 4;
}

unsigned ww_frame_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_FFT_POINTS])
{
    const int16_t *weights = ww_window_table;
    int32_t peaks = 0; /* of all bits that a magnitude has */
    for (unsigned block = 0; block < HALF_WINDOW / 4; ++block) {
        struct ww_complex *to = points + reversed(block);
        UNROLLED
        for (unsigned digit = 0; digit < 4; ++digit, to += 64) {
            const int32_t re = *samples++ * *weights++ >> WINDOW_BITS;
            const int32_t im = *samples++ * *weights++ >> WINDOW_BITS;
            to->re = (int16_t)re;
            to->im = (int16_t)im;
            peaks |= re < 0 ? -re : re;
            peaks |= im < 0 ? -im : im;
        }
    }
    for (unsigned block = HALF_WINDOW / 4; block < WW_FFT_POINTS / 4; ++block) {
        struct ww_complex *to = points + reversed(block);
        for (unsigned digit = 0; digit < 4; ++digit, to += 64) {
            to->re = 0;
            to->im = 0;
        }
    }
    const unsigned shift = 15 - ww_bit_length((uint32_t)peaks & INT16_MAX);
    if (peaks > INT16_MAX && shift != 0) { /* -32768 does not count, and its shift is zero */
        for (unsigned i = 0; i < WW_FFT_POINTS; ++i) {
            points[i].re = points[i].re == INT16_MIN ? 0 : points[i].re;
            points[i].im = points[i].im == INT16_MIN ? 0 : points[i].im;
        }
    }
    return shift;
}

static void first_pass(struct ww_complex points[WW_FFT_POINTS], unsigned shift)
{
    const int32_t factor = QUARTER << shift;
    for (struct ww_complex *p = points; p < points + WW_FFT_POINTS; p += 4) {
        butterfly(p, 1, scaled(p[0], factor), scaled(p[1], factor), scaled(p[2], factor), scaled(p[3], factor));
    }
}

INLINE void pass(struct ww_complex points[WW_FFT_POINTS], unsigned span)
{
    const int32_t quarter = kept(QUARTER);
    struct ww_complex *const end = points + WW_FFT_POINTS;
    for (struct ww_complex *p = points; p < end; p += 4 * span) { /* where the twiddles are 1 */
        butterfly(p, span, scaled(p[0], quarter), scaled(p[span], quarter), scaled(p[2 * span], quarter),
                  scaled(p[3 * span], quarter));
    }
    unsigned step = QUARTER_TURN / span;
    for (struct ww_complex *first = points + 1; first < points + span; ++first, step += QUARTER_TURN / span) {
        const struct wide w1 = twiddle(step);
        const struct wide w2 = twiddle(2 * step);
        const struct wide w3 = twiddle(3 * step);
        for (struct ww_complex *p = first; p < end; p += 4 * span) {
            butterfly(p, span, scaled(p[0], quarter), turned(scaled(p[span], quarter), w1),
                      turned(scaled(p[2 * span], quarter), w2), turned(scaled(p[3 * span], quarter), w3));
        }
    }
}

INLINE void put_energy(struct ww_complex *point, int32_t re, int32_t im)
{
    const uint32_t energy = (uint32_t)(re * re) + (uint32_t)(im * im);
    point->re = (int16_t)(energy & UINT16_MAX);
    point->im = (int16_t)(energy >> 16);
}

/* The FFT of even samples + j odd samples to the energies of bin k and, where `both`, of its mirror image. */
INLINE void separate(struct ww_complex points[WW_FFT_POINTS], unsigned k, int32_t half, int both)
{
    struct ww_complex *const other = points + WW_FFT_POINTS - k;
    const struct ww_complex conjugate = {other->re, (int16_t)-other->im};
    const struct wide mirrored = scaled(conjugate, half);
    const struct wide here = scaled(points[k], half);
    const struct wide even = {here.re + mirrored.re, here.im + mirrored.im}; /* halves: at most 32766 */
    const struct wide difference = {here.re - mirrored.re, here.im - mirrored.im};
    struct wide odd = turned(difference, twiddle(k + QUARTER_TURN));
    odd.re = (int16_t)odd.re;
    odd.im = (int16_t)odd.im;
    put_energy(points + k, (even.re + odd.re) >> 1, (even.im + odd.im) >> 1);
    if (both) {
        put_energy(other, (even.re - odd.re) >> 1, (odd.im - even.im) >> 1);
    }
}

void ww_frame_transform(struct ww_complex points[WW_FFT_POINTS], unsigned shift)
{
    first_pass(points, shift);
    pass(points, 4);
    pass(points, 16);
    pass(points, 64);
    const int32_t half = kept(HALF);
    for (unsigned k = WW_MEL_FIRST_BIN; k <= WW_FFT_POINTS - WW_MEL_END_BIN; ++k) {
        separate(points, k, half, 0);
    }
    for (unsigned k = WW_FFT_POINTS - WW_MEL_END_BIN + 1; k <= WW_FFT_POINTS / 2; ++k) {
        separate(points, k, half, 1);
    }
}

void ww_frame_channels(const struct ww_complex points[WW_FFT_POINTS], unsigned shift,
                       uint32_t signal[WW_FRONTEND_CHANNELS])
{
    const struct ww_complex *bin = points + WW_MEL_FIRST_BIN;
    const uint16_t *weight = ww_mel_weights;
    uint32_t falling_high = 0; /* the share of the previous band for the lower channel of this one */
    uint32_t falling_low = 0;
    for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
        /* In halves of 16 bits: a band has at most 16 bins, so 32-bit sums of 12-bit weights cannot overflow. */
        const struct ww_complex *const end = points + ww_mel_ends[band];
        uint32_t total_low = 0;
        uint32_t total_high = 0;
        uint32_t weighted_low = 0;
        uint32_t weighted_high = 0;
        for (; bin < end; ++bin) {
            const uint32_t low = (uint16_t)bin->re;
            const uint32_t high = (uint16_t)bin->im;
            const uint32_t share = *weight++;
            total_low += low;
            total_high += high;
            weighted_low += share * low;
            weighted_high += share * high;
        }
        if (band > 0) {
            const uint32_t low_sum = falling_low + weighted_low;
            const uint32_t middle = falling_high + weighted_high + (low_sum >> 16);
            signal[band - 1] = ww_rounded_root(middle >> 16, middle << 16 | (low_sum & UINT16_MAX)) >> shift;
        }
        falling_low = (total_low << WW_MEL_BITS) - weighted_low;
        falling_high = (total_high << WW_MEL_BITS) - weighted_high;
    }
}

void ww_frame_levels(const uint32_t signal[WW_FRONTEND_CHANNELS], uint32_t noise_estimate[WW_FRONTEND_CHANNELS],
                     uint16_t features[WW_FRONTEND_CHANNELS])
{
    ww_levels(signal, noise_estimate, features);
}
