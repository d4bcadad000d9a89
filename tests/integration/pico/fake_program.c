/*
 * A program without a model, for tests of the board: its output is the mean of its input, as 0 to 255.
 *
 * The first input byte makes it misbehave: 127 writes where there is no memory, 126 stops at a breakpoint, 125 hangs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_program.h"

enum { INPUT_BYTES = 120, WILD_WRITE = 127, BREAKPOINT = 126, HANG = 125 };

static int8_t input[INPUT_BYTES];
static int8_t buffer[INPUT_BYTES];
static uint8_t output[1];

static void reset(void *model)
{
    (void)model;
    output[0] = 0;
}

static void invoke(void *model)
{
    (void)model;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < INPUT_BYTES; i++) {
        sum += (uint32_t)(input[i] + 128);
    }
    output[0] = (uint8_t)(sum / INPUT_BYTES);
#ifdef __arm__
    if (input[0] == WILD_WRITE) {
        *(volatile uint32_t *)0x30000000u = 1;
    } else if (input[0] == BREAKPOINT) {
        __asm volatile("bkpt 7");
    } else if (input[0] == HANG) {
        for (;;) {
        }
    }
#endif
}

const char ww_program_name[] = "fake";
const char ww_program_phrase[] = "hey fake";
const char ww_program_version[] = "0";

const struct ww_program ww_program = {
    .name = ww_program_name,
    .phrase = ww_program_phrase,
    .model_sha256 = "00",
    .version = ww_program_version,
    .model = input,
    .reset = reset,
    .invoke = invoke,
    .input = input,
    .buffer = buffer,
    .output = output,
    .input_bytes = INPUT_BYTES,
    .output_bytes = sizeof output,
    .input_frames = 3,
    .step_samples = 160,
    .detector = {.average_window = 1,
                 .votes_needed = 1,
                 .votes_window = 1,
                 .on_threshold = 40,
                 .off_threshold = 20,
                 .lockout = 5},
};
