/*
 * What every front end's test does with it: a signal whole and in pieces, and the extremes of int16 for the sanitizers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FRONTEND_PIECES_H
#define FRONTEND_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "ww_frontend.h"

enum { SAMPLES = 8000 };

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525U + 1013904223U;
    return random_state;
}

/* The signal of make_frontend_golden.py. */
static void make_signal(int16_t samples[SAMPLES])
{
    random_state = 1;
    for (int i = 0; i < SAMPLES; ++i) {
        int16_t noise = (int16_t)(next_random() >> 16);
        int16_t square = i / 40 % 2 != 0 ? 32767 : -32768;
        samples[i] = (int16_t)(i < SAMPLES / 2 ? noise >> (i / 500) : square);
    }
}

/* Feeds the signal in pieces of up to `largest_piece`; `check_frame` compares each of the `expected` frames. */
static void test_golden(uint16_t step_samples, size_t largest_piece, size_t expected,
                        void (*check_frame)(size_t frame, const uint16_t features[WW_FRONTEND_CHANNELS]))
{
    static int16_t samples[SAMPLES];
    static struct ww_frontend frontend;
    make_signal(samples);
    ww_frontend_init(&frontend, step_samples);

    size_t frames = 0;
    size_t start = 0;
    while (start < SAMPLES) {
        size_t piece = 1 + next_random() % largest_piece;
        piece = piece < SAMPLES - start ? piece : SAMPLES - start;
        uint16_t features[WW_FRONTEND_CHANNELS];
        bool ready;
        start += ww_frontend_process(&frontend, samples + start, piece, features, &ready);
        if (ready) {
            CHECK(frames < expected);
            check_frame(frames, features);
            ++frames;
        }
    }
    CHECK(frames == expected);
}

/* Only extremes and zeros: whatever can overflow does. */
static void test_extremes(uint16_t step_samples, int most_frames, uint16_t largest_feature)
{
    static const int16_t levels[] = {-32768, 32767, 0, -32767, 1, -1};
    static struct ww_frontend frontend;
    ww_frontend_init(&frontend, step_samples);
    int frames = 0;
    while (frames < most_frames) {
        int16_t samples[64];
        uint32_t kind = next_random() >> 24;
        for (size_t i = 0; i < 64; ++i) {
            uint32_t choice = kind < 128 ? next_random() >> 16 : kind;
            samples[i] = levels[choice % 6];
        }
        size_t start = 0;
        while (start < 64) {
            uint16_t features[WW_FRONTEND_CHANNELS];
            bool ready;
            start += ww_frontend_process(&frontend, samples + start, 64 - start, features, &ready);
            for (int i = 0; ready && i < WW_FRONTEND_CHANNELS; ++i) {
                CHECK(features[i] <= largest_feature);
            }
            frames += ready;
        }
    }
}

#endif /* FRONTEND_PIECES_H */
