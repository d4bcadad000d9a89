/*
 * Micro front end; see ww_frontend.h. It gathers windows of samples; ww_frame.h has what happens to each.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frontend.h"

#include <string.h>

#include "ww_frame.h"
#include "ww_window.h"

static void compute_features(struct ww_frontend *frontend, uint16_t features[WW_FRONTEND_CHANNELS])
{
    uint32_t signal[WW_FRONTEND_CHANNELS];
    unsigned shift = ww_frame_window(frontend->window, frontend->spectrum);
    ww_frame_transform(frontend->spectrum, shift);
    ww_frame_channels(frontend->spectrum, shift, signal);
    ww_frame_levels(signal, frontend->noise_estimate, features);
}

void ww_frontend_init(struct ww_frontend *frontend, uint16_t step_samples)
{
    memset(frontend, 0, sizeof *frontend);
    frontend->step_samples = step_samples;
}

size_t ww_frontend_process(struct ww_frontend *frontend, const int16_t *samples, size_t count,
                           uint16_t features[WW_FRONTEND_CHANNELS], bool *frame_ready)
{
    size_t taken = ww_window_fill(frontend->window, &frontend->filled, WW_FRONTEND_WINDOW_SAMPLES, samples, count);
    *frame_ready = frontend->filled == WW_FRONTEND_WINDOW_SAMPLES;
    if (*frame_ready) {
        compute_features(frontend, features);
        ww_window_advance(frontend->window, &frontend->filled, frontend->step_samples);
    }
    return taken;
}

int8_t ww_frontend_quantize(uint16_t feature)
{
    uint32_t scaled = ((uint32_t)feature * 256 + 333) / 666;
    return (int8_t)(scaled < 255 ? (int32_t)scaled - 128 : 127);
}
