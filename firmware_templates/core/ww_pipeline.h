/*
 * The wake-word pipeline: samples -> front end -> model -> detector, one event at a time.
 *
 * The same code hears the microphone and the samples that a host sends, so tests over the console test what runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PIPELINE_H
#define WW_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_detector.h"
#include "ww_frontend.h"
#include "ww_program.h"
#include "ww_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One second: a program that gates hears a word's end late, and the word's own average comes later still. */
enum { WW_GATE_FRAMES = 100 };

struct ww_pipeline {
    const struct ww_port *port;
    const struct ww_program *program;
    struct ww_frontend frontend;
    struct ww_ear ear;        /* of the first program */
    bool gated;               /* a companion that is on gates */
    uint8_t gate_frames_left; /* during which detections still count */
    uint32_t frames;          /* feature frames since the last reset */
    uint32_t frontend_cycles; /* of the last frame */
    uint32_t invoke_cycles;   /* of the last inference */
};

/* What happened while samples were taken. ``inferred`` and ``detected`` are of the first program. */
struct ww_event {
    bool frame_ready;
    bool inferred;
    bool detected;
    uint32_t words;      /* bit 0: the first program has detected its word; bit n: the n-th companion */
    uint32_t frame;      /* number of the frame, from 0 */
    uint8_t probability; /* if inferred */
    int8_t features[WW_FRONTEND_CHANNELS]; /* if frame_ready */
};

/* False if a program cannot be fed with audio: other input size or step, or detector settings out of range. */
bool ww_pipeline_init(struct ww_pipeline *pipeline, const struct ww_port *port, const struct ww_program *program);

/* Forgets all audio: front end, model state, detector and frame count. */
void ww_pipeline_reset(struct ww_pipeline *pipeline);

/*
 * Switches a program on or off: 0 is the first one, n the n-th companion. All are on after ww_pipeline_init. One that is
 * switched on has heard nothing yet.
 */
void ww_pipeline_switch(struct ww_pipeline *pipeline, size_t number, bool on);

/* Gives a program's detector other settings. It forgets the outputs so far. False if they are out of range. */
bool ww_pipeline_set_detector(struct ww_pipeline *pipeline, size_t number, const struct ww_detector_config *config);

/*
 * Takes samples from the front of `samples` until one frame is complete or all are taken; returns how many.
 *
 * A model is invoked when its input has filled with frames, unless features_only. Call again with the rest.
 */
size_t ww_pipeline_take(struct ww_pipeline *pipeline, const int16_t *samples, size_t count, bool features_only,
                        struct ww_event *event);

/* Runs the first program's model on its input as it stands. */
void ww_pipeline_invoke(struct ww_pipeline *pipeline);

#ifdef __cplusplus
}
#endif
#endif /* WW_PIPELINE_H */
