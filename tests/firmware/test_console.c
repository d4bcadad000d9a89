/*
 * The console over a port made of memory: every command, every error, and what a rude host can send.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "console_world.h"
#include "ww_frontend.h"

static void test_boot(void)
{
    start();
    const char *log = "ww-boot-[reset=watchdog]\r\nww-boot-[clock=79998]\r\nww-boot-[model=fake]\r\n"
                      "ww-boot-[version=1.2.3]\r\n";
    const size_t log_length = strlen(log);
    CHECK(strncmp(world.output, log, log_length) == 0);
    CHECK(strcmp(world.output + log_length,
                 "m-timestamp-mode-performance\r\nm-lap-us-0\r\nm-init-done\r\nm-ready\r\n") == 0);
    CHECK(world.audio_on);
    const char *again = ask("ww-boot%");
    CHECK(strncmp(again, log, log_length) == 0 && strcmp(again + log_length, "m-ready\r\n") == 0);
    CHECK(world.audio_on);
}

static void test_memory_of_a_board(void)
{
    start();
    free_ram[0] = free_ram[4999] = 7;
    expect("ww-ram%", "ww-ram-[20000 0 0]\r\nm-ready\r\n");
    CHECK(free_ram[0] != 7 && free_ram[4999] != 7 && free_ram[0] != free_ram[4999]);
    CHECK(world.kept_alive >= 4 * 20000 / 4096);
    char answer[80];
    (void)snprintf(answer, sizeof answer, "ww-code-[%u 8 2598427311]\r\nm-ready\r\n", (unsigned)(uintptr_t)code);
    expect("ww-code%", answer); /* zlib.crc32(b"12345678") */
    bench.free.end = bench.free.begin;
    bench.code.end = bench.code.begin;
    expect("ww-ram%", "e-[Not on this board]\r\nm-ready\r\n");
    expect("ww-code%", "e-[Not on this board]\r\nm-ready\r\n");
    expect("ww-hang%", "e-[Not on this board]\r\nm-ready\r\n");
    bench.free.end = free_ram + 5000;
    bench.code.end = code + 2;
}

static void test_microphone_of_a_board(void)
{
    start();
    for (size_t i = 0; i < 4096; i++) {
        world.samples[i] = (int16_t)(i % 2 == 0 ? -1000 : 1200);
    }
    world.sample_count = 16000; /* the same 4096 again and again */
    expect("ww-mic%", "ww-mic-[16000 0 32868 31768 33968]\r\nm-ready\r\n");
    CHECK(world.audio_on);
    world.samples[0] = -32768;
    world.samples[1] = 32767;
    world.sample_count = 16000;
    CHECK(contains(ask("ww-mic%"), " 0 65535]"));
    world.micros_step = 1000; /* a microphone that is dead */
    world.slept = 0;
    expect("ww-mic%", "ww-mic-[0 3000000 0 4294967295 0]\r\nm-ready\r\n");
    CHECK(world.slept >= 1000); /* it does not spin while it waits */
}

static void test_light_of_a_board(void)
{
    start();
    expect("ww-led 1%", "m-ready\r\n");
    CHECK(world.indicator);
    expect("ww-led 0%", "m-ready\r\n");
    CHECK(!world.indicator);
    expect("ww-led on%", "e-[Command 'ww-led' requires 0 or 1]\r\nm-ready\r\n");
    CHECK(!world.indicator);
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
    test_memory_of_a_board();
    test_microphone_of_a_board();
    test_light_of_a_board();
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
