/*
 * Counts the instructions of the micro front end on an emulated core; frontend.py builds it. Audio comes on the
 * standard input. The features of every frame go to the standard output, then uint32 ticks, summed over all frames: of
 * the four stages, of a whole frame with its copies of samples, and of a pair of calls that count.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "ww_frame.h"
#include "ww_machine.h"

enum { STEP = 160 };
enum { TICKS_WHOLE = 4, TICKS_EMPTY, TICKS };

static uint32_t ticks[TICKS];
static uint32_t since;

static void count(int stage)
{
    ticks[stage] += ww_machine_ticks_since(since);
    since = ww_machine_ticks();
}

int main(void)
{
    static struct ww_frontend whole;
    static struct ww_frontend staged;
    static int16_t step[STEP];
    uint16_t features[WW_FRONTEND_CHANNELS];
    uint32_t signal[WW_FRONTEND_CHANNELS];

    ww_frontend_init(&whole, STEP);
    ww_frontend_init(&staged, STEP);
    while (fread(step, sizeof step, 1, stdin) == 1) {
        bool ready = false;
        size_t taken = 0;
        since = ww_machine_ticks();
        count(TICKS_EMPTY);
        since = ww_machine_ticks();
        taken = ww_frontend_process(&whole, step, STEP, features, &ready);
        if (ready) {
            count(TICKS_WHOLE);
        }
        if (taken != STEP) {
            return 2;
        }
        memmove(staged.window, staged.window + STEP, sizeof staged.window - sizeof step);
        memcpy(staged.window + WW_FRONTEND_WINDOW_SAMPLES - STEP, step, sizeof step);
        if (!ready) {
            continue;
        }
        fwrite(features, sizeof features, 1, stdout);
        since = ww_machine_ticks();
        unsigned shift = ww_frame_window(staged.window, staged.spectrum);
        count(0);
        ww_frame_transform(staged.spectrum, shift);
        count(1);
        ww_frame_channels(staged.spectrum, shift, signal);
        count(2);
        ww_frame_levels(signal, staged.noise_estimate, features);
        count(3);
    }
    return fwrite(ticks, sizeof ticks, 1, stdout) == 1 ? 0 : 1;
}
