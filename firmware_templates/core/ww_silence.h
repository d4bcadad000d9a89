/*
 * The silence gate: inferences are skipped while nothing is to be heard. A firmware without it has none of its code.
 *
 * A hop is silent if the features of each of its frames are low on average. After `rows` silent hops the gate closes; the
 * detector then counts outputs of 0. The first loud hop opens it, and the model catches up with the `rows` hops before,
 * so that its state is what it would be without the gate, for any model that remembers no more. It catches up by at most
 * WW_SILENCE_RUNS inferences a frame, so a hop must have two frames or more. wwtool/evaluation/silence.py is the same in Python.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_SILENCE_H
#define WW_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WW_SILENCE_RUNS = 2, WW_SILENCE_MORE_ROWS = 2 };

struct ww_pipeline;
struct ww_event;

struct ww_silence {
    uint16_t threshold; /* a frame is loud from this sum of its features on, each as 0 to 255 */
    uint8_t rows;       /* hops of a model's memory, at most 250 */
    int8_t *ring;       /* rows + WW_SILENCE_MORE_ROWS inputs of the model */
    /* ww_silence_hear(), here so that nothing else names it. */
    bool (*hear)(struct ww_pipeline *pipeline, struct ww_event *event);

    uint8_t head;   /* slot of ring that is being filled */
    uint8_t filled; /* frames in it */
    uint8_t behind; /* full slots before it that the model has not heard */
    uint8_t due;    /* the last of these whose outputs count */
    uint8_t left;   /* hops until the gate closes */
    bool loud;      /* of the slot that is being filled */
};

/* Takes the frame of an event and runs the model as far as that is due; true if its output is to be judged now. */
bool ww_silence_hear(struct ww_pipeline *pipeline, struct ww_event *event);

/* Closes the gate and forgets what it has kept. */
static inline void ww_silence_reset(struct ww_silence *silence)
{
    silence->head = 0;
    silence->filled = 0;
    silence->behind = 0;
    silence->due = 0;
    silence->left = 0;
    silence->loud = false;
}

#ifdef __cplusplus
}
#endif
#endif /* WW_SILENCE_H */
