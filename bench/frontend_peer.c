/*
 * Counts the instructions of TFLM's front end on an emulated core; frontend_peer.py builds it. Audio comes on the
 * standard input. The features of every frame go to the standard output, then uint32 ticks, summed over all frames: of a
 * frame, and of a pair of calls that count.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tensorflow/lite/experimental/microfrontend/lib/frontend.h"
#include "tensorflow/lite/experimental/microfrontend/lib/frontend_util.h"
#include "ww_machine.h"

enum { STEP = 160, RATE = 16000, HEAP = 64 * 1024 };
enum { TICKS_WHOLE, TICKS_EMPTY, TICKS };

/* The front end allocates its tables once, as it starts. */
static void *grow(ptrdiff_t bytes)
{
    static _Alignas(16) char heap[HEAP];
    static ptrdiff_t used;
    char *start = heap + used;
    if (used + bytes > HEAP) {
        return (void *)-1; /* NOLINT: how these calls fail */
    }
    used += bytes;
    return start;
}

void *_sbrk(ptrdiff_t bytes); /* newlib's */
void *_sbrk(ptrdiff_t bytes)
{
    return grow(bytes);
}

void *sbrk(ptrdiff_t bytes); /* picolibc's */
void *sbrk(ptrdiff_t bytes)
{
    return grow(bytes);
}

/* Settings of the micro front end (wwtool/frontend/micro). */
static const struct FrontendConfig micro = {
    .window = {.size_ms = 30, .step_size_ms = 10},
    .filterbank = {.num_channels = 40, .lower_band_limit = 125.0f, .upper_band_limit = 7500.0f},
    .noise_reduction = {.smoothing_bits = 10,
                        .even_smoothing = 0.025f,
                        .odd_smoothing = 0.06f,
                        .min_signal_remaining = 0.05f},
    .pcan_gain_control = {.enable_pcan = 1, .strength = 0.95f, .offset = 80.0f, .gain_bits = 21},
    .log_scale = {.enable_log = 1, .scale_shift = 6},
};

int main(void)
{
    static struct FrontendState state;
    static int16_t step[STEP];
    uint32_t ticks[TICKS] = {0};
    if (!FrontendPopulateState(&micro, &state, RATE)) {
        return 3;
    }
    while (fread(step, sizeof step, 1, stdin) == 1) {
        size_t taken = 0;
        uint32_t since = ww_machine_ticks();
        ticks[TICKS_EMPTY] += ww_machine_ticks_since(since);
        since = ww_machine_ticks();
        const struct FrontendOutput output = FrontendProcessSamples(&state, step, STEP, &taken);
        const uint32_t spent = ww_machine_ticks_since(since);
        if (taken != STEP) {
            return 2;
        }
        if (output.values != NULL) {
            ticks[TICKS_WHOLE] += spent;
            fwrite(output.values, sizeof output.values[0], output.size, stdout);
        }
    }
    return fwrite(ticks, sizeof ticks, 1, stdout) == 1 ? 0 : 1;
}
