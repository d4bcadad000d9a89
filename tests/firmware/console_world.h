/*
 * A port made of memory and a fake model, for test_console.c: what the host sends and the microphone hears is set here,
 * what the firmware does is read here.
 *
 * The model's first output is the mean of its input plus a bias, the second the number of inferences since reset; it
 * spoils its input as a real one may.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CONSOLE_WORLD_H
#define WW_CONSOLE_WORLD_H

#include <string.h>

#include "check.h"
#include "ww_app.h"

enum { FRAMES = 3, INPUT_BYTES = FRAMES * 40, OUTPUT_BYTES = 2, STEP = 160 };

static struct {
    uint8_t input[8192];
    size_t input_count, input_position;
    char output[65536];
    size_t output_count;
    int16_t samples[4096];
    size_t sample_count;
    uint32_t now_us, cycles;
    uint32_t micros_step; /* that pass with each look at the clock */
    uint32_t baud;
    bool audio_on, indicator;
    unsigned kept_alive;
    unsigned slept; /* how often it has slept */
    uint32_t inference_us;
    unsigned sends_after; /* inferences: then `sends` arrives */
    const char *sends;
} world;

static struct {
    unsigned inferences, resets; /* inferences since the last reset */
    uint8_t bias;
} model;

static int8_t model_input[INPUT_BYTES];
static int8_t model_buffer[INPUT_BYTES];
static uint8_t model_output[OUTPUT_BYTES];

static void model_reset(void *context)
{
    (void)context;
    model.inferences = 0;
    model.resets++;
}

static void model_invoke(void *context)
{
    (void)context;
    int sum = 0;
    for (size_t i = 0; i < INPUT_BYTES; i++) {
        sum += model_input[i] + 128;
        model_input[i] = 99;
    }
    model_output[0] = (uint8_t)(sum / INPUT_BYTES + (int)model.bias);
    model_output[1] = (uint8_t)++model.inferences;
    world.cycles += 1000;
    world.now_us += world.inference_us;
    if (world.sends != NULL && model.inferences == world.sends_after) {
        const size_t count = strlen(world.sends);
        CHECK(world.input_count + count <= sizeof world.input);
        memcpy(world.input + world.input_count, world.sends, count);
        world.input_count += count;
    }
}

static size_t console_read(void *context, uint8_t *bytes, size_t max)
{
    (void)context;
    size_t count = world.input_count - world.input_position;
    count = count < max ? count : max;
    memcpy(bytes, world.input + world.input_position, count);
    world.input_position += count;
    return count;
}

static void console_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    CHECK(world.output_count + count < sizeof world.output);
    memcpy(world.output + world.output_count, bytes, count);
    world.output_count += count;
    world.output[world.output_count] = '\0';
}

static bool set_baud(void *context, uint32_t baud)
{
    (void)context;
    world.baud = baud;
    return baud != 123456;
}

static size_t audio_read(void *context, int16_t *samples, size_t max)
{
    (void)context;
    CHECK(world.audio_on);
    const size_t count = world.sample_count < max ? world.sample_count : max;
    memcpy(samples, world.samples, count * sizeof *samples);
    world.sample_count -= count;
    return count;
}

static void audio_enable(void *context, bool on)
{
    (void)context;
    world.audio_on = on;
}

static uint32_t audio_overruns(void *context)
{
    (void)context;
    return 5;
}

static uint32_t micros(void *context)
{
    (void)context;
    world.now_us += world.micros_step;
    return world.now_us;
}

static uint32_t cycles(void *context)
{
    (void)context;
    return world.cycles;
}

static void indicate(void *context, bool on)
{
    (void)context;
    world.indicator = on;
}

static uint32_t stack_high_water(void *context)
{
    (void)context;
    return 1234;
}

static void keep_alive(void *context)
{
    (void)context;
    world.kept_alive++;
}

static const struct ww_fact *facts(void *context, size_t *count)
{
    static const struct ww_fact all[] = {{"reset", "watchdog", 0}, {"clock", NULL, 79998}};
    (void)context;
    *count = 2;
    return all;
}

static uint32_t free_ram[5000];
static uint32_t code[3] = {0x34333231, 0x38373635, 0x39};
static struct ww_bench bench = {.free = {free_ram, free_ram + 5000}, .code = {code, code + 2}, .has_watchdog = false};

static void idle(void *context)
{
    (void)context;
    world.slept++;
}

static struct ww_port port = {
    .board = "memory",
    .console_read = console_read,
    .console_write = console_write,
    .console_set_baud = set_baud,
    .audio_read = audio_read,
    .audio_enable = audio_enable,
    .audio_overruns = audio_overruns,
    .micros = micros,
    .cycles = cycles,
    .indicate = indicate,
    .stack_high_water = stack_high_water,
    .facts = facts,
    .bench = &bench,
    .keep_alive = keep_alive,
    .idle = idle,
};

static struct ww_program program = {
    .name = "fake",
    .phrase = "hey fake",
    .model_sha256 = "abc",
    .version = "1.2.3",
    .reset = model_reset,
    .invoke = model_invoke,
    .input = model_input,
    .buffer = model_buffer,
    .output = model_output,
    .input_bytes = INPUT_BYTES,
    .output_bytes = OUTPUT_BYTES,
    .input_frames = FRAMES,
    .step_samples = STEP,
    .arena_bytes = 11,
    .state_bytes = 22,
    .detector = {.average_window = 1, .votes_needed = 1, .votes_window = 1, .on_threshold = 200, .off_threshold = 100},
};

static void start(void)
{
    memset(&world, 0, sizeof world);
    memset(&model, 0, sizeof model);
    ww_app_start(&port, &program);
}

/* Lets the firmware work until it has read everything. */
static void run(void)
{
    do {
        ww_app_poll();
    } while (world.input_position < world.input_count || (world.audio_on && world.sample_count > 0));
}

static const char *send_bytes(const void *bytes, size_t count)
{
    CHECK(count <= sizeof world.input);
    memcpy(world.input, bytes, count);
    world.input_count = count;
    world.input_position = 0;
    world.output_count = 0;
    world.output[0] = '\0';
    run();
    return world.output;
}

static const char *ask(const char *command)
{
    return send_bytes(command, strlen(command));
}

static void expect(const char *command, const char *answer)
{
    const char *got = ask(command);
    if (strcmp(got, answer) != 0) {
        fprintf(stderr, "%s\n  wanted: %s\n  got:    %s\n", command, answer, got);
        exit(1);
    }
}

static bool contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part)) {
        count++;
    }
    return count;
}

#endif /* WW_CONSOLE_WORLD_H */
