/*
 * Front end against golden features, whole and in pieces, and against the extremes of int16 for the sanitizers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "frontend_pieces.h"

#include "frontend_golden.h"

enum { FRAMES = sizeof golden_frames / sizeof golden_frames[0], LARGEST_FEATURE = 64 * 23 - 1 /* 64 ln 2^32 */ };

static void check_frame(size_t frame, const uint16_t features[WW_FRONTEND_CHANNELS])
{
    CHECK(memcmp(features, golden_frames[frame], sizeof golden_frames[frame]) == 0);
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
    test_golden(160, 1, FRAMES, check_frame);
    test_golden(160, 160, FRAMES, check_frame);
    test_golden(160, SAMPLES, FRAMES, check_frame);
    test_extremes(160, 200, LARGEST_FEATURE);
    test_extremes(320, 200, LARGEST_FEATURE);
    test_nothing_in_nothing_out();
    test_quantize();
    return 0;
}
