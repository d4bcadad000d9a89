/*
 * The console over a port made of memory: every command, every error, and what a rude host can send.
 *
 * The program is a fake model: its output is the mean of its input plus the number of inferences since reset, and it
 * spoils its input as a real one may.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "check.h"
#include "ww_app.h"
#include "ww_frontend.h"

enum { FRAMES = 3, INPUT_BYTES = FRAMES * 40, OUTPUT_BYTES = 2, STEP = 160 };

static struct {
    uint8_t input[8192];
    size_t input_count, input_position;
    char output[65536];
    size_t output_count;
    int16_t samples[4096];
    size_t sample_count;
    uint32_t now_us, cycles;
    uint32_t baud;
    bool audio_on, indicator;
    unsigned kept_alive;
} world;

static struct {
    unsigned inferences, resets;
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

static void idle(void *context)
{
    (void)context;
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

static void test_boot(void)
{
    start();
    CHECK(strcmp(world.output, "m-timestamp-mode-performance\r\nm-lap-us-0\r\nm-init-done\r\nm-ready\r\n") == 0);
    CHECK(world.audio_on);
}

static void test_names(void)
{
    start();
    world.now_us = 4294967295U;
    expect("name%", "m-name-dut-[wwtool-memory]\r\nm-ready\r\n");
    expect("profile%", "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[fake]\r\nm-ready\r\n");
    expect("timestamp%", "m-lap-us-4294967295\r\nm-ready\r\n");
    CHECK(contains(ask("help%"), "m-ready\r\n"));
    const char *info = ask("ww-info%");
    CHECK(contains(info, "ww-info-[version=1.2.3]\r\nww-info-[board=memory]\r\nww-info-[model=fake]\r\n"));
    CHECK(contains(info, "ww-info-[phrase=hey fake]\r\nww-info-[sha256=abc]\r\nww-info-[input=120]\r\n"));
    CHECK(contains(info, "ww-info-[output=2]\r\nww-info-[arena=11]\r\nww-info-[state=22]\r\n"));
    CHECK(contains(info, "ww-info-[frames=3]\r\nww-info-[step=160]\r\nww-info-[rate=16000]\r\nm-ready\r\n"));
    expect("ww-memory%", "ww-memory-[stack=1234]\r\nww-memory-[overruns=5]\r\nm-ready\r\n");
    CHECK(world.audio_on); /* none of these stops the microphone */
}

static void test_rude_hosts(void)
{
    char flood[300];
    start();
    expect("%", "e-[Unknown command: ]\r\nm-ready\r\n");
    expect("Name x%", "e-[Unknown command: Name]\r\nm-ready\r\n");
    expect("namer%", "e-[Unknown command: namer]\r\nm-ready\r\n");
    expect("\xff\x01%", "e-[Unknown command: ??]\r\nm-ready\r\n");
    memset(flood, 'n', sizeof flood - 1);
    flood[sizeof flood - 1] = '%';
    CHECK(strcmp(send_bytes(flood, sizeof flood), "e-[Command longer than 80 characters]\r\nm-ready\r\n") == 0);
    expect("name%timestamp%", "m-name-dut-[wwtool-memory]\r\nm-ready\r\nm-lap-us-0\r\nm-ready\r\n");
    expect("ww-prob 2%", "e-[Command 'ww-prob' requires 0 or 1]\r\nm-ready\r\n");
}

static void test_buffer(void)
{
    start();
    expect("db%", "e-[Command 'db' requires a subcommand]\r\nm-ready\r\n");
    CHECK(!world.audio_on);
    expect("db 00%", "e-[Command 'db load' must come first]\r\nm-ready\r\n");
    expect("db load%", "e-[Command 'db load' requires the # of bytes]\r\nm-ready\r\n");
    expect("db load 0%", "e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n");
    expect("db load -1%", "e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n");
    expect("db load 121%", "e-[Command 'db load' must be at most 120 bytes]\r\nm-ready\r\n");
    expect("db load 4294967297%", "e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n");
    expect("db load 10%", "m-[Expecting 10 bytes]\r\nm-ready\r\n");
    expect("db 123%", "e-[Insufficent number of hex digits]\r\nm-ready\r\n");
    expect("db 00zz%", "e-[Invalid hex digit 'zz']\r\nm-ready\r\n"); /* the 00 before it is in */
    expect("db 01fF%", "m-ready\r\n");
    expect("db 0203040506070809%", "m-load-done\r\nm-ready\r\n"); /* one more than announced */
    expect("db 00%", "e-[Command 'db load' must come first]\r\nm-ready\r\n");
    expect("db print%", "m-buffer-00-01-ff-02-03-04-05-06\r\nm-buffer-07-08\r\nm-ready\r\n");
    CHECK(model_buffer[10] == 0);
}

static void load_constant(const char *hex_byte)
{
    char line[3 + 2 * 30 + 2] = "db ";
    (void)ask("db load 120%");
    for (size_t i = 0; i < 30; i++) {
        memcpy(line + 3 + 2 * i, hex_byte, 2);
    }
    line[63] = '%';
    line[64] = '\0';
    for (int part = 0; part < 4; part++) {
        CHECK(contains(ask(line), "m-load-done") == (part == 3));
    }
}

static void test_infer(void)
{
    start();
    load_constant("00"); /* zero: mean of input + 128 = 128 */
    expect("ww-reset%", "m-ready\r\n");
    world.kept_alive = 0;
    expect("infer 2 3%", "m-warmup-start-3\r\nm-warmup-done\r\nm-infer-start-2\r\nm-lap-us-0\r\nm-lap-us-0\r\n"
                         "m-infer-done\r\nm-results-[0.500,0.020]\r\nm-ready\r\n");
    CHECK(model.inferences == 5); /* on the same input every time, though the model spoils it */
    CHECK(world.kept_alive == 5);
    expect("results%", "m-results-[0.500,0.020]\r\nm-ready\r\n");
    expect("ww-output%", "ww-output-[80 05]\r\nm-ready\r\n");
    expect("ww-cycles%", "ww-cycles-[frontend=0]\r\nww-cycles-[invoke=1000]\r\nm-ready\r\n");
    CHECK(contains(ask("infer%"), "m-warmup-start-10\r\nm-warmup-done\r\nm-infer-start-1\r\n"));
    expect("infer 0%", "e-[Inference iterations must be >0]\r\nm-ready\r\n");
    expect("infer x%", "e-[Inference iterations must be >0]\r\nm-ready\r\n");
    expect("infer 1 -1%", "e-[Inference warmup must be >=0]\r\nm-ready\r\n");
}

static void test_rounding(void)
{
    start();
    program.output_offset = 128; /* an int8 output */
    model_output[0] = 0x7F;
    model_output[1] = 0x81;
    expect("results%", "m-results-[0.996,0.004]\r\nm-ready\r\n");
    program.output_offset = 0;
}

/* Sends `count` zero samples as one PCM block of the given command; its answer. */
static const char *pcm(const char *command, size_t count)
{
    uint8_t bytes[64 + 1024] = {0};
    const int length = snprintf((char *)bytes, 64, "%s %zu%%", command, 2 * count);
    return send_bytes(bytes, (size_t)length + 2 * count);
}

static void test_pcm_counts_frames(void)
{
    start();
    (void)ask("ww-reset%ww-prob 1%");
    CHECK(!world.audio_on);
    /* Frame 0 is complete after 480 samples, each next after 160 more: frame 2, the third, after 800. */
    CHECK(strcmp(pcm("ww-pcm", 512), "ww-pcm-expecting-1024\r\nm-ready\r\n") == 0);
    CHECK(strcmp(pcm("ww-pcm", 287), "ww-pcm-expecting-574\r\nm-ready\r\n") == 0);
    CHECK(strcmp(pcm("ww-pcm", 1), "ww-pcm-expecting-2\r\nww-prob-[2,0]\r\nm-ready\r\n") == 0);
    CHECK(contains(pcm("ww-pcm", 480), "ww-prob-[5,0]\r\n"));
    (void)ask("ww-reset%");
    (void)pcm("ww-pcm", 512);
    CHECK(contains(pcm("ww-pcm", 288), "ww-prob-[2,0]\r\n"));
    (void)ask("ww-prob 0%");
    CHECK(!contains(pcm("ww-pcm", 512), "ww-prob-["));
}

static void test_pcm_errors(void)
{
    start();
    expect("ww-pcm%", "e-[PCM bytes must be even and 2 to 1024]\r\nm-ready\r\n");
    expect("ww-pcm 0%", "e-[PCM bytes must be even and 2 to 1024]\r\nm-ready\r\n");
    expect("ww-pcm 3%", "e-[PCM bytes must be even and 2 to 1024]\r\nm-ready\r\n");
    expect("ww-pcm 1026%", "e-[PCM bytes must be even and 2 to 1024]\r\nm-ready\r\n");
    expect("ww-pcm 100%name%", "ww-pcm-expecting-100\r\n"); /* name% is two and a half samples */
    world.now_us += 1999999;
    CHECK(strcmp(ask(""), "") == 0);
    world.now_us += 1;
    CHECK(strcmp(ask(""), "e-[95 PCM bytes did not come]\r\nm-ready\r\n") == 0);
    expect("name%", "m-name-dut-[wwtool-memory]\r\nm-ready\r\n");
}

static void test_features(void)
{
    start();
    (void)ask("ww-reset%");
    const unsigned before = model.inferences;
    CHECK(strcmp(pcm("ww-features", 479), "ww-pcm-expecting-958\r\nm-ready\r\n") == 0);
    const char *answer = pcm("ww-features", 321);
    CHECK(count_of(answer, "ww-features-[") == 3);
    CHECK(contains(answer, "ww-features-[0,8080") && contains(answer, "ww-features-[2,8080")); /* silence: -128 */
    CHECK(strlen(strstr(answer, "ww-features-[2")) == strlen("ww-features-[2,]\r\nm-ready\r\n") + 80);
    CHECK(model.inferences == before);
}

/* Samples are little-endian, and reach the front end as they are: its own result on the same samples is the same. */
static void test_sample_bytes(void)
{
    enum { COUNT = 500 };
    uint8_t bytes[32 + 2 * COUNT];
    int16_t samples[COUNT];
    size_t length = (size_t)snprintf((char *)bytes, 32, "ww-features %d%%", 2 * COUNT);
    for (int i = 0; i < COUNT; i++) {
        samples[i] = (int16_t)(i * i * 37 % 5001 - 2500);
        bytes[length++] = (uint8_t)((uint16_t)samples[i] & 0xFFU);
        bytes[length++] = (uint8_t)((uint16_t)samples[i] >> 8);
    }

    static struct ww_frontend frontend;
    uint16_t features[WW_FRONTEND_CHANNELS];
    bool ready = false;
    char wanted[16 + 2 * WW_FRONTEND_CHANNELS + 2] = "ww-features-[0,";
    ww_frontend_init(&frontend, STEP);
    (void)ww_frontend_process(&frontend, samples, COUNT, features, &ready);
    CHECK(ready);
    for (size_t i = 0; i < WW_FRONTEND_CHANNELS; i++) {
        const unsigned value = (uint8_t)ww_frontend_quantize(features[i]);
        (void)snprintf(wanted + strlen(wanted), 3, "%02x", value);
    }
    start();
    (void)ask("ww-reset%");
    CHECK(contains(send_bytes(bytes, length), wanted));
}

static void hear(size_t count)
{
    world.sample_count = count;
    world.output_count = 0;
    world.output[0] = '\0';
    run();
}

static void test_detection(void)
{
    start();
    model.bias = 210; /* silence gives 0 + 210 */
    hear(800);
    CHECK(strcmp(world.output, "ww-detection-[2,210]\r\n") == 0);
    CHECK(world.indicator);
    world.now_us += 999999;
    hear(480);
    CHECK(strcmp(world.output, "") == 0 && world.indicator);
    world.now_us += 1;
    hear(0);
    CHECK(!world.indicator);
    expect("stop%", "Streaming stopped.\r\ntarget activations: \r\n[2]\r\nm-ready\r\n");
    CHECK(!world.audio_on);
    const unsigned resets = model.resets;
    expect("start%", "m-ready\r\n");
    CHECK(world.audio_on && model.resets == resets + 1);
    expect("stop%", "Streaming stopped.\r\ntarget activations: \r\n[]\r\nm-ready\r\n");
}

static void test_signed_output(void)
{
    program.output_offset = 128;
    start();
    model.bias = 82; /* the byte 82 is +82, 210 of 255 */
    hear(800);
    CHECK(strcmp(world.output, "ww-detection-[2,210]\r\n") == 0);
    program.output_offset = 0;
}

static void test_many_activations(void)
{
    start();
    for (int i = 0; i < 40; i++) {
        model.bias = 210;
        hear(i == 0 ? 800 : 480);
        CHECK(contains(world.output, "ww-detection-["));
        model.bias = 0;
        hear(480);
    }
    CHECK(count_of(ask("stop%"), ", ") == 31);
}

static void test_without_microphone_or_audio_model(void)
{
    port.audio_read = NULL;
    start();
    expect("start%", "e-[This board has no microphone]\r\nm-ready\r\n");
    expect("ww-reset%", "m-ready\r\n");
    port.audio_read = audio_read;

    program.input_frames = 1; /* 40 values do not fill 120 */
    start();
    CHECK(!world.audio_on);
    expect("start%", "e-[This model does not take audio features]\r\nm-ready\r\n");
    expect("ww-pcm 2%", "e-[This model does not take audio features]\r\nm-ready\r\n");
    CHECK(contains(ask("infer 1 0%"), "m-infer-done"));
    program.input_frames = FRAMES;
}

static void test_baud(void)
{
    start();
    expect("ww-baud 460800%", "ww-baud-[460800]\r\nm-ready\r\n");
    CHECK(world.baud == 460800);
    expect("ww-baud 300%", "e-[Baud must be 9600 to 3000000]\r\nm-ready\r\n");
    CHECK(world.baud == 460800);
    expect("ww-baud 123456%", "ww-baud-[123456]\r\nm-ready\r\ne-[This board cannot make that rate]\r\nm-ready\r\n");
}

/* Whatever comes, the firmware answers a question afterwards. */
static void test_random_bytes(void)
{
    uint32_t seed = 1;
    start();
    for (int round = 0; round < 300; round++) {
        uint8_t noise[500];
        for (size_t i = 0; i < sizeof noise; i++) {
            static const char alphabet[] = "%%% 0123db loadprint inferww-pcmstart\r\n";
            seed = seed * 1664525U + 1013904223U;
            noise[i] = seed >> 31 != 0 ? (uint8_t)(seed >> 16) : (uint8_t)alphabet[(seed >> 16) % (sizeof alphabet)];
        }
        (void)send_bytes(noise, sizeof noise);
        world.now_us += 3000000;
        (void)ask("%");
        CHECK(contains(ask("name%"), "m-name-dut-[wwtool-memory]\r\nm-ready\r\n"));
    }
}

int main(void)
{
    test_boot();
    test_names();
    test_rude_hosts();
    test_buffer();
    test_infer();
    test_rounding();
    test_pcm_counts_frames();
    test_pcm_errors();
    test_features();
    test_sample_bytes();
    test_detection();
    test_signed_output();
    test_many_activations();
    test_without_microphone_or_audio_model();
    test_baud();
    test_random_bytes();
    return 0;
}
