/*
 * The wake-word pipeline. See ww_pipeline.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_pipeline.h"

#include "ww_silence.h"

static uint32_t cycles_now(const struct ww_port *port)
{
    return port->cycles == NULL ? 0 : port->cycles(port->context);
}

static const struct ww_companion *companion(const struct ww_pipeline *pipeline, size_t index)
{
    return &pipeline->program->companions[index];
}

static const struct ww_program *program_of(const struct ww_pipeline *pipeline, size_t number)
{
    return number == 0 ? pipeline->program : companion(pipeline, number - 1)->program;
}

static struct ww_ear *ear_of(struct ww_pipeline *pipeline, size_t number)
{
    return number == 0 ? &pipeline->ear : companion(pipeline, number - 1)->ear;
}

static void find_gates(struct ww_pipeline *pipeline)
{
    pipeline->gated = false;
    for (size_t i = 0; i < pipeline->program->companion_count; i++) {
        const struct ww_companion *other = companion(pipeline, i);
        pipeline->gated = pipeline->gated || (other->gates && !other->ear->off);
    }
}

/* Whether the front end feeds a program, with the step of the first one. */
static bool init_ear(struct ww_ear *ear, const struct ww_program *program, uint16_t step_samples)
{
    const size_t frame_bytes = (size_t)program->input_frames * WW_FRONTEND_CHANNELS;
    const bool detector_usable = ww_detector_init(&ear->detector, &program->detector);

    ear->off = false;
    return detector_usable && program->input_bytes == frame_bytes && program->output_bytes > 0 &&
           program->step_samples == step_samples;
}

bool ww_pipeline_init(struct ww_pipeline *pipeline, const struct ww_port *port, const struct ww_program *program)
{
    bool usable = init_ear(&pipeline->ear, program, program->step_samples);

    pipeline->port = port;
    pipeline->program = program;
    pipeline->frontend_cycles = 0;
    pipeline->invoke_cycles = 0;
    for (size_t i = 0; i < program->companion_count; i++) {
        const struct ww_companion *other = companion(pipeline, i);
        usable = init_ear(other->ear, other->program, program->step_samples) && usable;
    }
    find_gates(pipeline);
    ww_pipeline_reset(pipeline);
    return usable;
}

static void reset_ear(struct ww_ear *ear, const struct ww_program *program)
{
    ww_detector_reset(&ear->detector);
    program->reset(program->model);
    ear->frames_waiting = 0;
    ear->probability = 0;
    if (program->silence != NULL) {
        ww_silence_reset(program->silence);
    }
}

void ww_pipeline_reset(struct ww_pipeline *pipeline)
{
    ww_frontend_init(&pipeline->frontend, pipeline->program->step_samples);
    reset_ear(&pipeline->ear, pipeline->program);
    for (size_t i = 0; i < pipeline->program->companion_count; i++) {
        reset_ear(companion(pipeline, i)->ear, companion(pipeline, i)->program);
    }
    pipeline->gate_frames_left = 0;
    pipeline->frames = 0;
}

void ww_pipeline_switch(struct ww_pipeline *pipeline, size_t number, bool on)
{
    struct ww_ear *ear = ear_of(pipeline, number);

    if (on && ear->off) {
        reset_ear(ear, program_of(pipeline, number));
    }
    ear->off = !on;
    find_gates(pipeline);
}

bool ww_pipeline_set_detector(struct ww_pipeline *pipeline, size_t number, const struct ww_detector_config *config)
{
    return ww_detector_init(&ear_of(pipeline, number)->detector, config);
}

void ww_pipeline_invoke(struct ww_pipeline *pipeline)
{
    const struct ww_program *program = pipeline->program;
    const uint32_t start = cycles_now(pipeline->port);

    program->invoke(program->model);
    pipeline->invoke_cycles = cycles_now(pipeline->port) - start;
    pipeline->ear.frames_waiting = 0;
}

/* The model's first output byte as 0 to 255. */
static uint8_t probability(const struct ww_program *program)
{
    const uint8_t *output = program->output;
    return (uint8_t)(output[0] + program->output_offset);
}

/* Gives one frame to a model that is on; whether that completes its input. */
static bool fill(struct ww_ear *ear, const struct ww_program *program, const int8_t features[WW_FRONTEND_CHANNELS])
{
    if (ear->off) {
        return false;
    }
    int8_t *slot = program->input + (size_t)ear->frames_waiting * WW_FRONTEND_CHANNELS;

    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
        slot[i] = features[i];
    }
    ear->frames_waiting++;
    return ear->frames_waiting == program->input_frames;
}

/* Takes the output of an inference; whether it is a detection that counts. */
static bool judge(struct ww_ear *ear, const struct ww_program *program, bool counts)
{
    ear->probability = probability(program);
    const bool detected = ww_detector_step(&ear->detector, ear->probability);

    if (detected && !counts) {
        ww_detector_take_back(&ear->detector);
    }
    return detected && counts;
}

/* Gives one frame to the companions that gate, or to those that do not. */
static void hear_companions(struct ww_pipeline *pipeline, bool gates, bool counts, struct ww_event *event)
{
    for (size_t i = 0; i < pipeline->program->companion_count; i++) {
        const struct ww_companion *other = companion(pipeline, i);

        if (other->gates != gates || !fill(other->ear, other->program, event->features)) {
            continue;
        }
        other->program->invoke(other->program->model);
        other->ear->frames_waiting = 0;
        if (judge(other->ear, other->program, counts)) {
            event->words |= gates ? 0 : (uint32_t)2 << i;
        }
        if (gates && ww_detector_is_on(&other->ear->detector)) {
            pipeline->gate_frames_left = WW_GATE_FRAMES;
        }
    }
}

/* Gives one frame to the first program; whether that has led to an output. */
static bool hear(struct ww_pipeline *pipeline, struct ww_event *event)
{
    const struct ww_program *program = pipeline->program;

    if (program->silence != NULL) {
        return program->silence->hear(pipeline, event);
    }
    if (!fill(&pipeline->ear, program, event->features)) {
        return false;
    }
    ww_pipeline_invoke(pipeline);
    return true;
}

/* Gives one frame to every model and, when that completes its input, runs model and detector. */
static void infer(struct ww_pipeline *pipeline, struct ww_event *event)
{
    if (pipeline->gate_frames_left > 0) {
        pipeline->gate_frames_left--;
    }
    hear_companions(pipeline, true, true, event);
    const bool counts = !pipeline->gated || pipeline->gate_frames_left > 0;

    if (hear(pipeline, event)) {
        event->inferred = true;
        event->detected = judge(&pipeline->ear, pipeline->program, counts);
        event->probability = pipeline->ear.probability;
        event->words |= event->detected ? 1 : 0;
    }
    hear_companions(pipeline, false, counts, event);
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
    event->words = 0;
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
