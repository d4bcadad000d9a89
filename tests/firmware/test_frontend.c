/*
 * Front end against golden features, whole and in pieces, and against the extremes of int16 for the sanitizers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "check.h"
#include "ww_frontend.h"
#include "frontend_golden.h"

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
    make_signal(samples);
    struct ww_frontend frontend;
    ww_frontend_init(&frontend, 160);

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
            CHECK(memcmp(features, golden_frames[frames], sizeof features) == 0);
            ++frames;
        }
    }
    CHECK(frames == FRAMES);
}

/* Only extremes and zeros: whatever can overflow does. */
static void test_extremes(uint16_t step_samples)
{
    static const int16_t levels[] = {-32768, 32767, 0, -32767, 1, -1};
    struct ww_frontend frontend;
    ww_frontend_init(&frontend, step_samples);
    int frames = 0;
    while (frames < 200) {
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
                CHECK(features[i] < 64 * 23); /* 64 ln 2^32 */
            }
            frames += ready;
        }
    }
}

static void test_nothing_in_nothing_out(void)
{
    struct ww_frontend frontend;
    ww_frontend_init(&frontend, 160);
    uint16_t features[WW_FRONTEND_CHANNELS];
    bool ready = true;
    CHECK(ww_frontend_process(&frontend, NULL, 0, features, &ready) == 0);
    CHECK(!ready);
}

static void test_quantize(void)
{
    CHECK(ww_frontend_quantize(0) == -128);
    CHECK(ww_frontend_quantize(1) == -128);
    CHECK(ww_frontend_quantize(2) == -127);
    CHECK(ww_frontend_quantize(333) == 0);
    CHECK(ww_frontend_quantize(662) == 126);
    CHECK(ww_frontend_quantize(663) == 127);
    CHECK(ww_frontend_quantize(UINT16_MAX) == 127);
}

int main(void)
{
    test_golden(1);
    test_golden(160);
    test_golden(SAMPLES);
    test_extremes(160);
    test_extremes(320);
    test_nothing_in_nothing_out();
    test_quantize();
    return 0;
}
