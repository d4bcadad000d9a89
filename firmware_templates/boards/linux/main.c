/*
 * The firmware as a Linux program: a board like any other. It ends on SIGINT, SIGTERM or SIGHUP, and when both standard
 * input and the recording that it hears have ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "console.h"
#include "led.h"
#include "microphone.h"
#include "options.h"
#include "say.h"
#include "stack.h"
#include "ww_app.h"
#include "ww_protocol.h"

enum { IDLE_MS = 20 };

static struct program {
    struct console console;
    struct microphone microphone;
    int led;
} program;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

/* A signal to end also ends long work. */
static size_t port_console_read(void *context, uint8_t *bytes, size_t max)
{
    (void)context;
    if (console_interrupted() && max > 0) {
        bytes[0] = WW_COMMAND_INTERRUPT;
        return 1;
    }
    return console_read(&program.console, bytes, max);
}

static void port_console_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    console_write(&program.console, bytes, count);
}

static size_t port_audio_read(void *context, int16_t *samples, size_t max)
{
    (void)context;
    return microphone_read(&program.microphone, samples, max, now_us());
}

static void port_audio_enable(void *context, bool on)
{
    (void)context;
    microphone_enable(&program.microphone, on, now_us());
}

static uint32_t port_audio_overruns(void *context)
{
    (void)context;
    return microphone_overruns(&program.microphone);
}

static uint32_t port_micros(void *context)
{
    (void)context;
    return (uint32_t)now_us();
}

static void port_indicate(void *context, bool on)
{
    (void)context;
    say("indicator %s", on ? "on" : "off");
    led_set(program.led, on);
}

static uint32_t port_stack_high_water(void *context)
{
    (void)context;
    return stack_high_water();
}

static void port_idle(void *context)
{
    (void)context;
    console_wait(&program.console, microphone_descriptor(&program.microphone),
                 microphone_wait_ms(&program.microphone, IDLE_MS));
}

static void run(void)
{
    const bool hears = microphone_is_there(&program.microphone);
    const struct ww_port port = {
        .board = board.name,
        .console_read = port_console_read,
        .console_write = port_console_write,
        .audio_read = hears ? port_audio_read : NULL,
        .audio_enable = hears ? port_audio_enable : NULL,
        .audio_overruns = hears ? port_audio_overruns : NULL,
        .micros = port_micros,
        .indicate = port_indicate,
        .stack_high_water = port_stack_high_water,
        .idle = port_idle,
    };

    ww_app_start(&port, &ww_program);
    while (!console_interrupted() && !(program.console.ended && microphone_is_done(&program.microphone))) {
        ww_app_poll();
        port.idle(port.context);
    }
}

static void end_in_order(int number)
{
    (void)number;
    console_interrupt();
}

static void handle_signals(void)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct sigaction ended = {.sa_handler = end_in_order}; /* no SA_RESTART: what waits goes on to the end */
    struct sigaction before;

    (void)sigaction(SIGPIPE, &ignored, NULL);
    (void)sigaction(SIGINT, &ended, NULL);
    (void)sigaction(SIGTERM, &ended, NULL);
    (void)sigaction(SIGHUP, NULL, &before);
    if (before.sa_handler != SIG_IGN) { /* nohup */
        (void)sigaction(SIGHUP, &ended, NULL);
    }
}

/* Otherwise the first file that is opened would take the place of the console that a parent has closed. */
static void have_standard_streams(void)
{
    int file;

    do {
        file = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (file >= 0 && file <= STDERR_FILENO);
    close(file);
}

int main(int argc, char **argv)
{
    have_standard_streams();
    const struct options options = options_of(argc, argv);

    microphone_open(&program.microphone, &options);
    program.led = led_open(options.led, board.led);
    handle_signals();
    if (options.pty) {
        console_open_pty(&program.console, options.link);
        printf("%s\n", program.console.name);
        fflush(stdout);
    } else {
        console_open_standard(&program.console);
        program.console.ended = microphone_reads(&program.microphone, program.console.input);
    }
    stack_run(run);
    if (program.microphone.listening) {
        microphone_enable(&program.microphone, false, now_us());
    }
    led_set(program.led, false);
    console_close(&program.console);
    return EXIT_SUCCESS;
}
