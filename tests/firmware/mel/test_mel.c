/*
 * Mel front end against golden features, whole and in pieces, and against the extremes of int16 for the sanitizers.
 *
 * Settings, tables and golden features lie in a folder for each variant; make_mel_golden.py writes them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../frontend_pieces.h"

#include "mel_golden.h"

enum { FRAMES = sizeof golden_frames / sizeof golden_frames[0] };

static void check_frame(size_t frame, const uint16_t features[WW_FRONTEND_CHANNELS])
{
    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
        CHECK(ww_frontend_quantize(features[i]) == golden_frames[frame][i]);
    }
}

int main(void)
{
    test_golden(GOLDEN_STEP, 1, FRAMES, check_frame);
    test_golden(GOLDEN_STEP, 160, FRAMES, check_frame);
    test_golden(GOLDEN_STEP, SAMPLES, FRAMES, check_frame);
    test_extremes(GOLDEN_STEP, 400, UINT8_MAX);
    return 0;
}
