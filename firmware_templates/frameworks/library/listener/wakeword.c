/*
 * The listener. See wakeword.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "wakeword.h"

#include "ww_pipeline.h"

enum { MEAN_FRACTION_BITS = 16, MEAN_SHIFT = 12 /* one-pole filter, 2^12 samples: 0.6 Hz */ };

static const struct ww_port port; /* nothing here needs hardware */
static struct ww_pipeline pipeline;

bool wakeword_begin(void)
{
    return ww_pipeline_init(&pipeline, &port, &ww_program);
}

void wakeword_reset(void)
{
    ww_pipeline_reset(&pipeline);
}

uint32_t wakeword_hear(const int16_t *samples, size_t count)
{
    uint32_t words = 0;
    while (count > 0) {
        struct ww_event event;
        const size_t taken = ww_pipeline_take(&pipeline, samples, count, false, &event);
        samples += taken;
        count -= taken;
        words |= event.words;
    }
    return words;
}

/* NULL for a number that is none. */
static const struct ww_program *program_of(unsigned word)
{
    if (word == 0) {
        return &ww_program;
    }
    return word <= ww_program.companion_count ? ww_program.companions[word - 1].program : NULL;
}

void wakeword_switch(unsigned word, bool on)
{
    if (program_of(word) != NULL) {
        ww_pipeline_switch(&pipeline, word, on);
    }
}

bool wakeword_set_threshold(unsigned word, unsigned window, unsigned threshold)
{
    const struct ww_program *program = program_of(word);
    if (program == NULL || window > UINT8_MAX || threshold == 0 || threshold > UINT16_MAX) {
        return false;
    }
    struct ww_detector_config config = program->detector;
    const uint32_t off = (uint32_t)config.off_threshold * threshold / config.on_threshold; /* the same distance */
    config.average_window = (uint8_t)window;
    config.off_threshold = (uint16_t)(off > 0 ? off : 1);
    config.on_threshold = (uint16_t)threshold;
    return ww_pipeline_set_detector(&pipeline, word, &config);
}

const char *wakeword_phrase(unsigned word)
{
    const struct ww_program *program = program_of(word);
    return program == NULL ? "" : program->phrase;
}

uint8_t wakeword_probability(unsigned word)
{
    if (word == 0) {
        return pipeline.ear.probability;
    }
    return word <= ww_program.companion_count ? ww_program.companions[word - 1].ear->probability : 0;
}

int16_t wakeword_sample(int32_t level, int64_t *mean, unsigned shift)
{
    *mean += (((int64_t)level << MEAN_FRACTION_BITS) - *mean) >> MEAN_SHIFT;
    const int64_t sample = (level - (*mean >> MEAN_FRACTION_BITS)) >> shift;
    if (sample > INT16_MAX) {
        return INT16_MAX;
    }
    return sample < INT16_MIN ? INT16_MIN : (int16_t)sample;
}
