/*
 * The stages of a feature frame for cores with dual 16-bit multiplies; see ww_frame.h.
 *
 * A word of points is a complex number (ww_pairs.h) until ww_frame_transform ends; then it is the energy of a bin, from
 * WW_MEL_FIRST_BIN to before WW_MEL_END_BIN. A factor in Q15 is doubled where its product fits 32 bits: then the result
 * is the upper half, and one instruction joins two of them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frame.h"

#include "ww_frontend_tables.h"
#include "ww_levels.h"
#include "ww_pairs.h"

enum {
    QUARTER_TURN = 128,                /* in entries of ww_cosine_table */
    DOUBLED_QUARTER = 2 * (32767 / 4), /* the scale of a pass */
    HALF = 32767 / 2,                  /* and that of the separation of the real halves */
    HALF_OF_UPPER = 1 << 15,
    HALF_OF_Q15 = 1 << 14,
    HALF_WINDOW = WW_FRONTEND_WINDOW_SAMPLES / 2,
};

/* exp(-2 pi j index / 512) */
WW_INLINE uint32_t twiddle(unsigned index)
{
    return ww_pair_of(ww_cosine_table[index], ww_cosine_table[index + QUARTER_TURN], 16);
}

WW_INLINE uint32_t quarter(uint32_t a)
{
    return ww_upper_halves(ww_first_product(a, DOUBLED_QUARTER, HALF_OF_UPPER),
                           ww_second_product(a, DOUBLED_QUARTER, HALF_OF_UPPER));
}

/* Of a quarter, at most 8191: twice its product with a twiddle is below 2^30. */
WW_INLINE uint32_t turn_quarter(uint32_t a, uint32_t w)
{
    const uint32_t doubled = ww_add_pairs(a, a);
    return ww_upper_halves(ww_product_difference(doubled, w, HALF_OF_UPPER),
                           ww_product_crossed(doubled, w, HALF_OF_UPPER));
}

WW_INLINE void butterfly(struct ww_complex *p, unsigned span, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t even = ww_add_pairs(a, c);
    const uint32_t even_difference = ww_subtract_pairs(a, c);
    const uint32_t odd = ww_add_pairs(b, d);
    const uint32_t odd_difference = ww_subtract_pairs(b, d);
    ww_put_pair(p, ww_add_pairs(even, odd));
    ww_put_pair(p + span, ww_add_turned(even_difference, odd_difference));
    ww_put_pair(p + 2 * span, ww_subtract_pairs(even, odd));
    ww_put_pair(p + 3 * span, ww_subtract_turned(even_difference, odd_difference));
}

WW_INLINE uint32_t windowed(const int16_t *samples, const int16_t *weights)
{
    const uint32_t pair = ww_pair_at(samples);
    const uint32_t weight = ww_pair_at(weights);
    return ww_pair_of(ww_first_product(pair, weight, 0) >> WINDOW_BITS, ww_second_square(pair, weight, 0),
                      16 - WINDOW_BITS);
}

/* The samples go to the places that the first pass reads, their indices' four base-4 digits in reverse order. */
unsigned ww_frame_window(const int16_t samples[WW_FRONTEND_WINDOW_SAMPLES], struct ww_complex points[WW_FFT_POINTS])
{
    const int16_t *weights = ww_window_table;
    uint32_t peaks = 0;
    for (unsigned block = 0; block < HALF_WINDOW / 4; ++block) {
        struct ww_complex *to = points + ((block & 3) << 4 | (block & 12) | block >> 4);
        WW_UNROLLED
        for (unsigned digit = 0; digit < 4; ++digit) {
            const uint32_t pair = windowed(samples, weights);
            peaks |= ww_magnitudes(pair);
            ww_put_pair(to + 64 * digit, pair);
            samples += 2;
            weights += 2;
        }
    }
    for (unsigned block = HALF_WINDOW / 4; block < WW_FFT_POINTS / 4; ++block) {
        struct ww_complex *to = points + ((block & 3) << 4 | (block & 12) | block >> 4);
        for (unsigned digit = 0; digit < 4; ++digit) {
            ww_put_pair(to + 64 * digit, 0);
        }
    }
    const uint32_t peak = (peaks | peaks >> 16) & INT16_MAX;
    const unsigned shift = 15 - ww_bit_length(peak);
    if ((peaks & 0x80008000u) != 0 && shift != 0) { /* -32768 does not count, and its shift is zero */
        for (unsigned i = 0; i < WW_FFT_POINTS; ++i) {
            points[i].re = points[i].re == INT16_MIN ? 0 : points[i].re;
            points[i].im = points[i].im == INT16_MIN ? 0 : points[i].im;
        }
    }
    return shift;
}

/* A quarter of the number shifted left; factor is twice the doubled quarter, shifted. */
WW_INLINE uint32_t shifted_quarter(const struct ww_complex *place, uint32_t factor)
{
    const uint32_t a = ww_pair_at(place);
    return ww_pair_of(ww_word_by_first(factor, a, 1) >> 1, ww_word_by_second(factor, a, 1), 15);
}

static void first_pass(struct ww_complex points[WW_FFT_POINTS], unsigned shift)
{
    const uint32_t factor = (uint32_t)(2 * DOUBLED_QUARTER) << shift;
    for (struct ww_complex *p = points; p < points + WW_FFT_POINTS; p += 4) {
        butterfly(p, 1, shifted_quarter(p, factor), shifted_quarter(p + 1, factor), shifted_quarter(p + 2, factor),
                  shifted_quarter(p + 3, factor));
    }
}

WW_INLINE void pass(struct ww_complex points[WW_FFT_POINTS], unsigned span)
{
    struct ww_complex *const end = points + WW_FFT_POINTS;
    for (struct ww_complex *p = points; p < end; p += 4 * span) { /* where the twiddles are 1 */
        butterfly(p, span, quarter(ww_pair_at(p)), quarter(ww_pair_at(p + span)), quarter(ww_pair_at(p + 2 * span)),
                  quarter(ww_pair_at(p + 3 * span)));
    }
    unsigned step = QUARTER_TURN / span;
    for (struct ww_complex *first = points + 1; first < points + span; ++first, step += QUARTER_TURN / span) {
        const uint32_t w1 = twiddle(step);
        const uint32_t w2 = twiddle(2 * step);
        const uint32_t w3 = twiddle(3 * step);
        for (struct ww_complex *p = first; p < end; p += 4 * span) {
            butterfly(p, span, quarter(ww_pair_at(p)), turn_quarter(quarter(ww_pair_at(p + span)), w1),
                      turn_quarter(quarter(ww_pair_at(p + 2 * span)), w2),
                      turn_quarter(quarter(ww_pair_at(p + 3 * span)), w3));
        }
    }
}

WW_INLINE uint32_t halved(uint32_t a)
{
    return ww_upper_halves(ww_first_product(a, 2 * HALF, HALF_OF_UPPER), ww_second_product(a, 2 * HALF, HALF_OF_UPPER));
}

/* The FFT of even samples + j odd samples to the energies of bin k and, where `both`, of its mirror image. */
WW_INLINE void separate(struct ww_complex points[WW_FFT_POINTS], unsigned k, int both)
{
    const uint32_t other = ww_pair_at(points + WW_FFT_POINTS - k);
    const uint32_t mirrored = halved(ww_pair_of(other, ww_subtract_pairs(0, other), 0));
    const uint32_t here = halved(ww_pair_at(points + k));
    const uint32_t even = ww_add_pairs(here, mirrored);
    const uint32_t difference = ww_subtract_pairs(here, mirrored);
    const uint32_t w = twiddle(k + QUARTER_TURN);
    const uint32_t odd = ww_pair_of(ww_product_difference(difference, w, HALF_OF_Q15) >> 15,
                                    ww_product_crossed(difference, w, HALF_OF_Q15), 1);
    const uint32_t low = ww_add_halved(even, odd);
    ww_put_pair(points + k, (uint32_t)ww_product_sum(low, low, 0));
    if (both) {
        const uint32_t re = ww_subtract_halved(even, odd);
        const uint32_t im = ww_subtract_halved(odd, even);
        ww_put_pair(points + WW_FFT_POINTS - k, (uint32_t)ww_second_square(im, im, ww_first_product(re, re, 0)));
    }
}

void ww_frame_transform(struct ww_complex points[WW_FFT_POINTS], unsigned shift)
{
    first_pass(points, shift);
    pass(points, 4);
    pass(points, 16);
    pass(points, 64);
    for (unsigned k = WW_MEL_FIRST_BIN; k <= WW_FFT_POINTS - WW_MEL_END_BIN; ++k) {
        separate(points, k, 0);
    }
    for (unsigned k = WW_FFT_POINTS - WW_MEL_END_BIN + 1; k <= WW_FFT_POINTS / 2; ++k) {
        separate(points, k, 1);
    }
}

void ww_frame_channels(const struct ww_complex points[WW_FFT_POINTS], unsigned shift,
                       uint32_t signal[WW_FRONTEND_CHANNELS])
{
    const struct ww_complex *bin = points + WW_MEL_FIRST_BIN;
    const uint16_t *weight = ww_mel_weights;
    uint64_t falling = 0; /* the share of the previous band for the lower channel of this one */
    for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
        const struct ww_complex *const end = points + ww_mel_ends[band];
        uint64_t total = 0;
        uint64_t weighted = 0;
        while (bin < end) {
            const uint32_t energy = ww_pair_at(bin++);
            total += energy;
            weighted += (uint64_t)energy * *weight++;
        }
        if (band > 0) {
            const uint64_t value = falling + weighted;
            signal[band - 1] = ww_rounded_root((uint32_t)(value >> 32), (uint32_t)value) >> shift;
        }
        falling = (total << WW_MEL_BITS) - weighted;
    }
}

void ww_frame_levels(const uint32_t signal[WW_FRONTEND_CHANNELS], uint32_t noise_estimate[WW_FRONTEND_CHANNELS],
                     uint16_t features[WW_FRONTEND_CHANNELS])
{
    ww_levels(signal, noise_estimate, features);
}
