/*
 * Mel front end against golden features, whole and in pieces, and against the extremes of int16 for the sanitizers.
 *
 * Settings, tables and golden features lie in a folder for each variant; make_mel_golden.py writes them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "../check.h"
#include "ww_frontend.h"
#include "mel_golden.h"

enum { SAMPLES = 8000, FRAMES = sizeof golden_frames / sizeof golden_frames[0] };

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

static void test_golden(size_t largest_piece)
{
    static int16_t samples[SAMPLES];
    static struct ww_frontend frontend;
    make_signal(samples);
    ww_frontend_init(&frontend, GOLDEN_STEP);

    size_t frames = 0;
    size_t start = 0;
    while (start < SAMPLES) {
        size_t piece = 1 + next_random() % largest_piece;
        piece = piece < SAMPLES - start ? piece : SAMPLES - start;
        uint16_t features[WW_FRONTEND_CHANNELS];
        bool ready;
        start += ww_frontend_process(&frontend, samples + start, piece, features, &ready);
        if (ready) {
            CHECK(frames < FRAMES);
            for (size_t i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
                CHECK(ww_frontend_quantize(features[i]) == golden_frames[frames][i]);
            }
            ++frames;
        }
    }
    CHECK(frames == FRAMES);
}

/* Only extremes and zeros: whatever can overflow does. */
static void test_extremes(void)
{
    static const int16_t levels[] = {-32768, 32767, 0, -32767, 1, -1};
    static struct ww_frontend frontend;
    ww_frontend_init(&frontend, GOLDEN_STEP);
    for (int frames = 0; frames < 400;) {
        int16_t samples[64];
        uint32_t kind = next_random() >> 24;
        for (size_t i = 0; i < 64; ++i) {
            samples[i] = levels[(kind < 128 ? next_random() >> 16 : kind) % 6];
        }
        for (size_t start = 0; start < 64;) {
            uint16_t features[WW_FRONTEND_CHANNELS];
            bool ready;
            start += ww_frontend_process(&frontend, samples + start, 64 - start, features, &ready);
            for (int i = 0; ready && i < WW_FRONTEND_CHANNELS; ++i) {
                CHECK(features[i] <= UINT8_MAX);
            }
            frames += ready;
        }
    }
}

int main(void)
{
    test_golden(1);
    test_golden(160);
    test_golden(SAMPLES);
    test_extremes();
    return 0;
}
