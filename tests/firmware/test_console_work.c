/*
 * What makes a board work long can be stopped and ends by itself; no argument, however extreme, makes it deaf.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "console_world.h"
#include "ww_console.h"

static const char *infer(const char *command, unsigned after, const char *sends)
{
    world.sends_after = after;
    world.sends = sends;
    (void)ask("ww-reset%");
    return ask(command);
}

static void test_counts(void)
{
    start();
    expect("infer 4294967295 0%", "e-[Inference iterations must be <=1000000]\r\nm-ready\r\n");
    expect("infer 1000001%", "e-[Inference iterations must be <=1000000]\r\nm-ready\r\n");
    expect("infer 1 4294967295%", "e-[Inference warmup must be <=1000000]\r\nm-ready\r\n");
    expect("infer 4294967296 0%", "e-[Inference iterations must be >0]\r\nm-ready\r\n"); /* more than 32 bits */
    expect("infer 1 99999999999%", "e-[Inference warmup must be >=0]\r\nm-ready\r\n");
    CHECK(model.inferences == 0);
    CHECK(contains(ask("infer 1000 0%"), "m-infer-done"));
    CHECK(model.inferences == 1000);
}

static void test_stop(void)
{
    start();
    world.inference_us = WW_CONSOLE_LOOK_US;
    const char *answer = infer("infer 1000000 0%", 20, "stop%");
    CHECK(model.inferences == 20);
    CHECK(contains(answer, "m-infer-start-1000000\r\nm-lap-us-0\r\ne-[Inference stopped]\r\nm-ready\r\n"
                           "Streaming stopped.\r\ntarget activations: \r\n[]\r\nm-ready\r\n"));
    CHECK(!contains(answer, "m-infer-done"));
    answer = infer("infer 5 1000000%", 20, "\r\n stop%");
    CHECK(model.inferences == 20 && !contains(answer, "m-warmup-done") && contains(answer, "Streaming stopped."));
    CHECK(contains(infer("infer 1000000 0%stop%", 0, NULL), "e-[Inference stopped]"));
    CHECK(model.inferences == 0);
}

static void test_interrupt(void)
{
    start();
    world.inference_us = WW_CONSOLE_LOOK_US;
    CHECK(strstr(infer("infer 1000000 0%", 7, "\x03"), "e-[Inference stopped]\r\nm-ready\r\n") != NULL);
    CHECK(model.inferences == 7);
    /* What came with it is answered afterwards: a half-sent command before it is not. */
    const char *answer = infer("infer 1000000 0%", 7, "na\x03name%ww-prob 0%");
    CHECK(contains(answer, "stopped]\r\nm-ready\r\nm-name-dut-[wwtool-memory]\r\nm-ready\r\nm-ready\r\n"));
    world.sends = NULL;
    expect("\x03", "");
    expect("inf\x03name%", "m-name-dut-[wwtool-memory]\r\nm-ready\r\n");
    char flood[300];
    memset(flood, 'n', sizeof flood);
    memcpy(flood + sizeof flood - 6, "\x03name%", 6);
    CHECK(strcmp(send_bytes(flood, sizeof flood), "m-name-dut-[wwtool-memory]\r\nm-ready\r\n") == 0);
}

/* What does not stop it waits, and in its order. */
static void test_other_commands_wait(void)
{
    start();
    world.inference_us = WW_CONSOLE_LOOK_US;
    const char *answer = infer("infer 50 0%ww-prob 2%", 7, "nonstop%results%stopp%");
    CHECK(model.inferences == 50);
    CHECK(contains(answer, "m-infer-done\r\n"));
    const char *first = strstr(answer, "e-[Command 'ww-prob'");
    CHECK(first != NULL && contains(first, "e-[Unknown command: nonstop]\r\nm-ready\r\nm-results-["));
    CHECK(contains(first, "e-[Unknown command: stopp]"));
    /* More than is kept for later stays where it is. */
    char many[8 * 30 + 1] = "";
    for (int i = 0; i < 30; i++) {
        (void)strcat(many, "results%");
    }
    answer = infer("infer 50 0%", 7, many);
    CHECK(model.inferences == 50);
    CHECK(count_of(answer, "m-results-[") == 31);
    /* A second command of the kind among what waits can be stopped, too. */
    answer = infer("infer 50 0%", 50, "infer 60 0%infer 70 0%stop%name%");
    CHECK(count_of(answer, "m-infer-done") == 1 && count_of(answer, "e-[Inference stopped]") == 2);
    CHECK(contains(answer, "m-name-dut-["));
}

static void test_it_ends_by_itself(void)
{
    start();
    world.now_us = 4294000000U;
    world.inference_us = 7000000;
    CHECK(contains(ask("infer 1000 0%"), "e-[Inference must take at most 600 s]\r\nm-ready\r\n"));
    CHECK(model.inferences == 86);
    CHECK(contains(ask("ww-reset%infer 50 80%"), "e-[Inference must take at most 600 s]\r\nm-ready\r\n"));
    CHECK(model.inferences == 86);
    CHECK(contains(ask("ww-reset%infer 50 30%"), "m-infer-done"));
}

/* Every command with every kind of argument: one answer, at once, and the next question is answered. */
static void test_extreme_arguments(void)
{
    /* clang-format off */
    static const char *const commands[] = {"name", "profile", "timestamp", "db", "db load", "db print", "infer", "infer 1",
                                           "results", "start", "stop", "help", "ww-info", "ww-reset", "ww-output",
                                           "ww-pcm", "ww-features", "ww-prob", "ww-memory", "ww-cycles", "ww-baud"};
    static const char *const arguments[] = {"0", "-1", "-0", "+1", "1.5", "1e9", "0x10", "4294967295", "4294967296",
                                            "18446744073709551616", "x", "'", "%", "  ", "\t", "\x7f\xff", "\x1b[2J",
                                            "1 1 1 1 1 1 1", "00000000000000000000000000000000000000000000000000000001"};
    /* clang-format on */

    for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
        for (size_t a = 0; a < sizeof arguments / sizeof arguments[0]; a++) {
            char line[128];
            start();
            (void)snprintf(line, sizeof line, "%s %s%%", commands[c], arguments[a]);
            const char *answer = ask(line);
            const unsigned wanted =
                1U + (unsigned)(strcmp(arguments[a], "%") == 0) + (unsigned)contains(answer, "cannot make that rate");
            CHECK(contains(answer, "ww-pcm-expecting-") || count_of(answer, "m-ready\r\n") == wanted);
            world.now_us += 3000000;
            (void)ask("");
            CHECK(contains(ask("name%"), "m-name-dut-[wwtool-memory]\r\nm-ready\r\n"));
        }
    }
}

static void test_long_arguments(void)
{
    static char line[5100];
    static const char *const commands[] = {"infer ", "db load ", "db ", "ww-pcm ", "ww-baud ", "ww-prob "};

    for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
        start();
        memset(line, '7', sizeof line);
        memcpy(line, commands[c], strlen(commands[c]));
        line[5000] = '%';
        CHECK(strcmp(send_bytes(line, 5001), "e-[Command longer than 80 characters]\r\nm-ready\r\n") == 0);
        memcpy(line, "na\0me\0%", 7);
        CHECK(contains(send_bytes(line, 7), "m-name-dut-["));
    }
}

int main(void)
{
    test_counts();
    test_stop();
    test_interrupt();
    test_other_commands_wait();
    test_it_ends_by_itself();
    test_extreme_arguments();
    test_long_arguments();
    return 0;
}
