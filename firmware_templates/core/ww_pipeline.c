/*
 * The wake-word pipeline. See ww_pipeline.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_pipeline.h"

static uint32_t cycles_now(const struct ww_port *port)
{
    return port->cycles == NULL ? 0 : port->cycles(port->context);
}

bool ww_pipeline_init(struct ww_pipeline *pipeline, const struct ww_port *port, const struct ww_program *program)
{
    const size_t frame_bytes = (size_t)program->input_frames * WW_FRONTEND_CHANNELS;
    const bool fed_by_audio = program->input_bytes == frame_bytes && program->output_bytes > 0;
    const bool detector_usable = ww_detector_init(&pipeline->detector, &program->detector);

    pipeline->port = port;
    pipeline->program = program;
    pipeline->frontend_cycles = 0;
    pipeline->invoke_cycles = 0;
    ww_pipeline_reset(pipeline);
    return fed_by_audio && detector_usable;
}

void ww_pipeline_reset(struct ww_pipeline *pipeline)
{
    ww_frontend_init(&pipeline->frontend, pipeline->program->step_samples);
    ww_detector_reset(&pipeline->detector);
    pipeline->program->reset(pipeline->program->model);
    pipeline->frames = 0;
    pipeline->frames_waiting = 0;
}

void ww_pipeline_invoke(struct ww_pipeline *pipeline)
{
    const struct ww_program *program = pipeline->program;
    const uint32_t start = cycles_now(pipeline->port);

    program->invoke(program->model);
    pipeline->invoke_cycles = cycles_now(pipeline->port) - start;
    pipeline->frames_waiting = 0;
}

/* The model's first output byte as 0 to 255. */
static uint8_t probability(const struct ww_program *program)
{
    const uint8_t *output = program->output;
    return (uint8_t)(output[0] + program->output_offset);
}

/* Gives one frame to the model and, when that completes its input, runs model and detector. */
static void infer(struct ww_pipeline *pipeline, struct ww_event *event)
{
    const struct ww_program *program = pipeline->program;
    int8_t *slot = program->input + (size_t)pipeline->frames_waiting * WW_FRONTEND_CHANNELS;

    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
        slot[i] = event->features[i];
    }
    pipeline->frames_waiting++;
    if (pipeline->frames_waiting < program->input_frames) {
        return;
    }
    ww_pipeline_invoke(pipeline);
    event->inferred = true;
    event->probability = probability(program);
    event->detected = ww_detector_step(&pipeline->detector, event->probability);
}

size_t ww_pipeline_take(struct ww_pipeline *pipeline, const int16_t *samples, size_t count, bool features_only,
                        struct ww_event *event)
{
    uint16_t features[WW_FRONTEND_CHANNELS];
    bool frame_ready = false;
    const uint32_t start = cycles_now(pipeline->port);
    const size_t taken = ww_frontend_process(&pipeline->frontend, samples, count, features, &frame_ready);
    const uint32_t cycles = cycles_now(pipeline->port) - start;

    event->frame_ready = frame_ready;
    event->inferred = false;
    event->detected = false;
    if (frame_ready) {
        pipeline->frontend_cycles = cycles;
        event->frame = pipeline->frames++;
        for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
            event->features[i] = ww_frontend_quantize(features[i]);
        }
        if (!features_only) {
            infer(pipeline, event);
        }
    }
    return taken;
}
