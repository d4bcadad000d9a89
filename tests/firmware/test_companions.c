/*
 * Several programs in one pipeline: they hear the same features, and a program that gates lets detections count.
 *
 * The fake models answer with a constant that the test sets; what they were fed is kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "check.h"
#include "ww_pipeline.h"

enum { MODELS = 3, STEP = 160, CHANNELS = WW_FRONTEND_CHANNELS, FIRST = 0, SECOND = 1, SPEECH = 2 };

static struct fake {
    int8_t input[2 * CHANNELS];
    uint8_t output[1];
    unsigned inferences, resets;
    uint32_t fed; /* a sum of everything that it heard */
} fakes[MODELS];

static void fake_reset(void *context)
{
    struct fake *fake = context;
    fake->resets++;
}

static void fake_invoke(void *context)
{
    struct fake *fake = context;
    fake->inferences++;
    for (size_t i = 0; i < sizeof fake->input; i++) {
        fake->fed = fake->fed * 31 + (uint8_t)fake->input[i];
    }
}

#define PROGRAM(n, frames)                                                                                             \
    .model = &fakes[n], .reset = fake_reset, .invoke = fake_invoke, .input = fakes[n].input,                           \
    .output = fakes[n].output, .input_bytes = (frames) * CHANNELS, .output_bytes = 1, .input_frames = (frames),        \
    .step_samples = STEP,                                                                                              \
    .detector = {.average_window = 1,                                                                                  \
                 .votes_needed = 1,                                                                                    \
                 .votes_window = 1,                                                                                    \
                 .on_threshold = 200,                                                                                  \
                 .off_threshold = 100,                                                                                 \
                 .lockout = 4}

static struct ww_ear ears[MODELS];
static const struct ww_program second = {PROGRAM(SECOND, 2)};
static const struct ww_program speech = {PROGRAM(SPEECH, 1)};
static const struct ww_companion both[] = {{&second, &ears[1], false}, {&speech, &ears[2], true}};
static const struct ww_program alone = {PROGRAM(FIRST, 2)};
static const struct ww_program ungated = {PROGRAM(FIRST, 2), .companions = both, .companion_count = 1};
static const struct ww_program gated = {PROGRAM(FIRST, 2), .companions = both, .companion_count = 2};

static const struct ww_port port; /* no cycle counter */
static struct ww_pipeline pipeline;

/* Hears so many frames of a ramp; returns the words of all of them. */
static uint32_t hear(unsigned frames)
{
    uint32_t words = 0;
    while (frames > 0) {
        int16_t samples[STEP];
        for (int i = 0; i < STEP; i++) {
            samples[i] = (int16_t)(i * 100);
        }
        struct ww_event event;
        CHECK(ww_pipeline_take(&pipeline, samples, STEP, false, &event) == STEP);
        CHECK(event.detected == ((event.words & 1) != 0));
        words |= event.words;
        frames -= event.frame_ready ? 1 : 0;
    }
    return words;
}

static void start(const struct ww_program *program)
{
    memset(fakes, 0, sizeof fakes);
    CHECK(ww_pipeline_init(&pipeline, &port, program));
}

static void test_all_hear_the_same(void)
{
    start(&ungated);
    fakes[FIRST].output[0] = 0;
    CHECK(hear(40) == 0);
    CHECK(fakes[FIRST].inferences == 20 && fakes[SECOND].inferences == 20 && fakes[SPEECH].inferences == 0);
    CHECK(fakes[FIRST].fed == fakes[SECOND].fed && fakes[FIRST].fed != 0);
    const uint32_t beside = fakes[FIRST].fed;
    start(&alone);
    hear(40);
    CHECK(fakes[FIRST].fed == beside && fakes[SECOND].inferences == 0);
}

static void test_each_detects_its_own_word(void)
{
    start(&ungated);
    fakes[SECOND].output[0] = 255;
    CHECK(hear(20) == 2);
    CHECK(hear(20) == 0); /* it has not fallen below the off-threshold since */
    fakes[FIRST].output[0] = 255;
    CHECK(hear(20) == 1);
    fakes[FIRST].output[0] = fakes[SECOND].output[0] = 0;
    CHECK(hear(20) == 0);
    fakes[FIRST].output[0] = fakes[SECOND].output[0] = 255;
    CHECK(hear(20) == 3);
}

static void test_detections_count_only_while_speech_is_heard(void)
{
    start(&gated);
    fakes[FIRST].output[0] = fakes[SECOND].output[0] = 255;
    CHECK(hear(200) == 0);
    fakes[SPEECH].output[0] = 255; /* the word was there before the gate opened: it counts now */
    CHECK(hear(2) == 3);
    fakes[FIRST].output[0] = fakes[SECOND].output[0] = fakes[SPEECH].output[0] = 0;
    CHECK(hear(WW_GATE_FRAMES - 10) == 0);
    fakes[FIRST].output[0] = 255; /* speech ended less than a second ago */
    CHECK(hear(2) == 1);
    fakes[FIRST].output[0] = 0;
    CHECK(hear(WW_GATE_FRAMES) == 0);
    fakes[FIRST].output[0] = 255;
    CHECK(hear(2) == 0);
}

static void test_a_reset_forgets_everything(void)
{
    start(&gated);
    fakes[SPEECH].output[0] = 255;
    hear(10);
    const unsigned resets = fakes[SECOND].resets;
    ww_pipeline_reset(&pipeline);
    CHECK(fakes[SECOND].resets == resets + 1 && fakes[SPEECH].resets == resets + 1);
    CHECK(pipeline.gate_frames_left == 0 && ears[2].probability == 0);
}

static void test_a_companion_that_cannot_be_fed_is_refused(void)
{
    struct ww_program other = second;
    const struct ww_companion companions[] = {{&other, &ears[1], false}};
    struct ww_program program = ungated;
    program.companions = companions;
    CHECK(ww_pipeline_init(&pipeline, &port, &program));
    other.input_bytes++;
    CHECK(!ww_pipeline_init(&pipeline, &port, &program));
    other = second;
    other.step_samples = 2 * STEP;
    CHECK(!ww_pipeline_init(&pipeline, &port, &program));
    other = second;
    other.detector.average_window = 0;
    CHECK(!ww_pipeline_init(&pipeline, &port, &program));
}

static void test_a_program_that_is_off_takes_no_time(void)
{
    start(&ungated);
    fakes[FIRST].output[0] = fakes[SECOND].output[0] = 255;
    ww_pipeline_switch(&pipeline, 0, false);
    CHECK(hear(20) == 2);
    CHECK(fakes[FIRST].inferences == 0 && fakes[SECOND].inferences == 10);
    const unsigned resets = fakes[FIRST].resets;
    ww_pipeline_switch(&pipeline, 0, true);
    ww_pipeline_switch(&pipeline, 0, true);
    ww_pipeline_switch(&pipeline, 1, false);
    CHECK(fakes[FIRST].resets == resets + 1);
    CHECK(hear(20) == 1);
    CHECK(fakes[FIRST].inferences == 10 && fakes[SECOND].inferences == 10);
}

static void test_a_gate_that_is_off_lets_everything_through(void)
{
    start(&gated);
    fakes[FIRST].output[0] = 255;
    CHECK(hear(20) == 0);
    ww_pipeline_switch(&pipeline, 2, false);
    CHECK(hear(2) == 1);
    fakes[FIRST].output[0] = 0;
    ww_pipeline_switch(&pipeline, 2, true);
    CHECK(hear(20) == 0);
    fakes[FIRST].output[0] = 255;
    CHECK(hear(20) == 0);
}

static void test_a_detector_gets_other_settings(void)
{
    start(&ungated);
    struct ww_detector_config config = second.detector;
    fakes[SECOND].output[0] = 150;
    CHECK(hear(20) == 0);
    config.on_threshold = 150;
    CHECK(ww_pipeline_set_detector(&pipeline, 1, &config));
    CHECK(hear(2) == 2);
    config.average_window = 0;
    CHECK(!ww_pipeline_set_detector(&pipeline, 1, &config));
    CHECK(ears[1].detector.config.average_window == 1);
}

int main(void)
{
    test_a_program_that_is_off_takes_no_time();
    test_a_gate_that_is_off_lets_everything_through();
    test_a_detector_gets_other_settings();
    test_all_hear_the_same();
    test_each_detects_its_own_word();
    test_detections_count_only_while_speech_is_heard();
    test_a_reset_forgets_everything();
    test_a_companion_that_cannot_be_fed_is_refused();
    return 0;
}
