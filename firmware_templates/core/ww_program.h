/*
 * What the firmware needs to know of a compiled model, so that core/ does not depend on generated headers.
 *
 * The compiler writes model.h and model.c (struct ww_model, ww_model_init, ww_model_invoke, ww_model_reset) and the
 * build renders ww_config.c, which fills one struct ww_program.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_PROGRAM_H
#define WW_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_detector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a program has heard; the pipeline writes it. */
struct ww_ear {
    struct ww_detector detector;
    uint8_t frames_waiting; /* how many of them wait in the model's input */
    uint8_t probability;    /* of the last inference */
    bool off;               /* it hears nothing, takes no time and gates nothing */
};

struct ww_program;
struct ww_silence;

/* A program that hears the same audio beside the first: another wake word, or one that tells speech from the rest. */
struct ww_companion {
    const struct ww_program *program;
    struct ww_ear *ear;
    bool gates; /* it detects nothing itself; what the others detect counts only while it hears speech */
};

struct ww_program {
    const char *name;         /* model name, [a-z0-9_]+ */
    const char *phrase;       /* wake word as typed, printable ASCII */
    const char *model_sha256; /* of model.tflite, 64 hex digits */
    const char *version;      /* of wwtool */

    void *model;                /* the compiled model's context */
    void (*reset)(void *model); /* all state as after start */
    void (*invoke)(void *model);
    int8_t *input;      /* input_bytes, the model's first input; an inference may overwrite it */
    int8_t *buffer;     /* input_bytes that `db` fills and `infer` copies to input; NULL: db writes into input itself */
    const void *output; /* output_bytes, the model's first output */
    size_t input_bytes;
    size_t output_bytes;
    uint8_t input_frames;  /* feature frames an invocation takes, 1 for a model that is not fed from the front end */
    uint16_t step_samples; /* from one feature frame to the next */
    uint8_t output_offset; /* added modulo 256 to output[0] to make a probability 0 to 255: 0 for uint8, 128 for int8 */
    uint32_t arena_bytes;  /* tensors of one invocation */
    uint32_t state_bytes;  /* kept from one invocation to the next */

    struct ww_detector_config detector;
    struct ww_silence *silence; /* ww_silence.h; NULL: the model hears every hop */

    const struct ww_companion *companions; /* of the first program of a firmware */
    uint8_t companion_count;
};

/* Rendered by the build. */
extern const struct ww_program ww_program;

/* Its texts, for constants that point to them. */
extern const char ww_program_name[];
extern const char ww_program_phrase[];
extern const char ww_program_version[];

#ifdef __cplusplus
}
#endif
#endif /* WW_PROGRAM_H */
