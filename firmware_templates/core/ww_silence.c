/*
 * The silence gate. See ww_silence.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_silence.h"

#include "ww_pipeline.h"

static void keep(struct ww_silence *silence, const struct ww_program *program, const int8_t *features)
{
    int8_t *slot =
        silence->ring + silence->head * program->input_bytes + (size_t)silence->filled * WW_FRONTEND_CHANNELS;
    uint32_t sum = 0;

    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
        slot[i] = features[i];
        sum += (uint32_t)(features[i] + 128);
    }
    silence->filled++;
    silence->loud = silence->loud || sum >= silence->threshold;
}

/* A hop is complete. If the gate is closed, its output counts as 0. */
static void complete(struct ww_silence *silence, struct ww_detector *detector, struct ww_event *event)
{
    silence->head = (uint8_t)((silence->head + 1u) % (silence->rows + (uint32_t)WW_SILENCE_MORE_ROWS));
    silence->filled = 0;
    silence->left = silence->loud ? silence->rows : silence->left;
    silence->loud = false;
    if (silence->left > 0) {
        silence->left--;
        silence->behind++;
        silence->due++;
    } else {
        silence->behind = silence->behind < silence->rows ? (uint8_t)(silence->behind + 1u) : silence->rows;
        event->detected = ww_detector_step(detector, 0);
        event->words |= event->detected ? 1 : 0;
    }
}

/* Runs the model on the oldest hop that it has not heard. */
static void run_oldest(struct ww_silence *silence, struct ww_pipeline *pipeline)
{
    const struct ww_program *program = pipeline->program;
    const uint32_t slots = silence->rows + (uint32_t)WW_SILENCE_MORE_ROWS;
    const int8_t *slot = silence->ring + (silence->head + slots - silence->behind) % slots * program->input_bytes;

    for (size_t i = 0; i < program->input_bytes; i++) {
        program->input[i] = slot[i];
    }
    ww_pipeline_invoke(pipeline);
    silence->behind--;
}

bool ww_silence_hear(struct ww_pipeline *pipeline, struct ww_event *event)
{
    const struct ww_program *program = pipeline->program;
    struct ww_silence *silence = program->silence;

    if (pipeline->ear.off) {
        return false;
    }
    keep(silence, program, event->features);
    if (silence->filled == program->input_frames) {
        complete(silence, &pipeline->ear.detector, event);
    }
    for (int i = 0; i < WW_SILENCE_RUNS && silence->due > 0; i++) {
        run_oldest(silence, pipeline);
        if (silence->behind < silence->due) {
            silence->due--;
            event->frame -= silence->filled + (uint32_t)silence->behind * program->input_frames; /* the hop's last */
            return true;
        }
    }
    return false;
}
