/*
 * Mel front end: 16 kHz int16 audio to the logarithms of mel bands, or to their cepstrum (MFCC), in fixed point.
 *
 * It stands in for the micro front end, with the same functions. ww_mel_settings.h and ww_mel_tables.c, which the build
 * writes, say how many bands there are, how long windows are, and how features become int8. No heap, no float, no
 * globals.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FRONTEND_H
#define WW_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_mel_settings.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WW_FRONTEND_SAMPLE_RATE_HZ = 16000, WW_MEL_PAST_FRAMES = 4 };

struct ww_complex {
    int16_t re;
    int16_t im;
};

/* The whole state; the caller owns it and may place it anywhere. */
struct ww_frontend {
    uint16_t step_samples; /* samples from one window to the next */
    uint16_t filled;       /* samples now in window */
    int16_t window[WW_FRONTEND_WINDOW_SAMPLES];
#if WW_MEL_DELTAS
    bool begun;
    int32_t past[WW_MEL_PAST_FRAMES][WW_MEL_VALUES]; /* of the frames before, the oldest first */
#endif
    /* Scratch of one frame, kept here so that no stack frame is large. */
    struct ww_complex points[WW_MEL_POINTS];
};

/* Clears all state. step_samples is at most WW_FRONTEND_WINDOW_SAMPLES. */
void ww_frontend_init(struct ww_frontend *frontend, uint16_t step_samples);

/*
 * Takes samples from the front of `samples` until a window is complete or all are taken.
 *
 * Returns how many were taken. If a frame came out, *frame_ready is true and features[] holds it, each feature as a
 * model's int8 input plus 128; call again with the rest.
 */
size_t ww_frontend_process(struct ww_frontend *frontend, const int16_t *samples, size_t count,
                           uint16_t features[WW_FRONTEND_CHANNELS], bool *frame_ready);

/* One feature to a model's int8 input. */
int8_t ww_frontend_quantize(uint16_t feature);

#ifdef __cplusplus
}
#endif
#endif /* WW_FRONTEND_H */
