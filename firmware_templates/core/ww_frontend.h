/*
 * Micro front end: 16 kHz int16 audio to 40 log-mel features a hop, in fixed point.
 *
 * Bit for bit the front end of TensorFlow Lite Micro's audio library with ESPHome's settings: 30 ms window, 125 to
 * 7500 Hz, noise reduction, PCAN gain control, log scale. No heap, no float, no globals.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FRONTEND_H
#define WW_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_fft.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WW_FRONTEND_SAMPLE_RATE_HZ = 16000,
    WW_FRONTEND_CHANNELS = 40,
    WW_FRONTEND_WINDOW_SAMPLES = 480, /* 30 ms */
};

/* The whole state; the caller owns it and may place it anywhere. */
struct ww_frontend {
    uint16_t step_samples; /* samples from one window to the next: 160 (10 ms) or 320 (20 ms) */
    uint16_t filled;       /* samples now in window */
    int16_t window[WW_FRONTEND_WINDOW_SAMPLES];
    uint32_t noise_estimate[WW_FRONTEND_CHANNELS];
    /* Scratch of one frame, kept here so that no stack frame is large. */
    struct ww_complex spectrum[WW_FFT_POINTS];
};

/* Clears all state. step_samples is 160 or 320. */
void ww_frontend_init(struct ww_frontend *frontend, uint16_t step_samples);

/*
 * Takes samples from the front of `samples` until a window is complete or all are taken.
 *
 * Returns how many were taken. If a frame came out, *frame_ready is true and features[] holds it (the uint16 values
 * of the TFLM front end); call again with the rest.
 */
size_t ww_frontend_process(struct ww_frontend *frontend, const int16_t *samples, size_t count,
                           uint16_t features[WW_FRONTEND_CHANNELS], bool *frame_ready);

/* One feature to a model's int8 input, as ESPHome does it: clamp((v * 256 + 333) / 666 - 128, -128, 127). */
int8_t ww_frontend_quantize(uint16_t feature);

#ifdef __cplusplus
}
#endif
#endif /* WW_FRONTEND_H */
