/*
 * Mel front end; see ww_frontend.h. It gathers windows of samples; ww_mel.h has what happens to each.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_frontend.h"

#include <string.h>

#include "ww_mel.h"
#include "ww_window.h"

static uint16_t quantized(int32_t value, unsigned channel)
{
    int64_t scaled = (int64_t)(value - ww_mel_offsets[channel]) * ww_mel_scales[channel];
    int64_t rounded = (scaled + (1 << (WW_MEL_SCALE_BITS - 1))) >> WW_MEL_SCALE_BITS;
    if (rounded < INT8_MIN) {
        return 0;
    }
    return (uint16_t)(rounded > INT8_MAX ? UINT8_MAX : rounded - INT8_MIN);
}

#if WW_MEL_DELTAS
/* Ten times the slope of each value over the last five frames, by least squares. Nothing changed before the first. */
static void add_slopes(struct ww_frontend *frontend, int32_t values[WW_FRONTEND_CHANNELS])
{
    int32_t (*past)[WW_MEL_VALUES] = frontend->past;
    for (unsigned frame = 0; frame < WW_MEL_PAST_FRAMES && !frontend->begun; ++frame) {
        memcpy(past[frame], values, sizeof past[frame]);
    }
    frontend->begun = true;
    for (unsigned i = 0; i < WW_MEL_VALUES; ++i) {
        values[WW_MEL_VALUES + i] = 2 * (values[i] - past[0][i]) + past[3][i] - past[1][i];
    }
    memmove(past[0], past[1], (WW_MEL_PAST_FRAMES - 1) * sizeof past[0]);
    memcpy(past[WW_MEL_PAST_FRAMES - 1], values, sizeof past[0]);
}
#endif

static void compute_features(struct ww_frontend *frontend, uint16_t features[WW_FRONTEND_CHANNELS])
{
    uint16_t levels[WW_MEL_BANDS];
    int32_t values[WW_FRONTEND_CHANNELS];
    int exponent = ww_mel_window(frontend->window, frontend->points);
    exponent -= ww_mel_transform(frontend->points);
    ww_mel_levels(frontend->points, exponent, levels);
    ww_mel_values(levels, values);
#if WW_MEL_DELTAS
    add_slopes(frontend, values);
#endif
    for (unsigned i = 0; i < WW_FRONTEND_CHANNELS; ++i) {
        features[i] = quantized(values[i], i);
    }
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
    return (int8_t)(feature + INT8_MIN);
}
