/*
 * The firmware as a Linux program: console on standard input and output, microphone from a file.
 *
 *   firmware [--pcm FILE]     FILE: raw int16 little-endian mono at 16 kHz, or a WAV of that format
 *
 * A board like any other. It ends when standard input ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ww_app.h"

enum { RIFF_HEADER_BYTES = 12, CHUNK_HEADER_BYTES = 8, IDLE_MS = 20 };

struct host {
    FILE *pcm; /* NULL: no microphone */
    bool listening;
    bool input_ended;
};

static void die(const char *what, const char *path)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(2);
}

static size_t console_read(void *context, uint8_t *bytes, size_t max)
{
    struct host *host = context;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    if (poll(&input, 1, 0) <= 0) {
        return 0;
    }
    const ssize_t count = read(STDIN_FILENO, bytes, max);
    if (count == 0 || (count < 0 && errno != EINTR)) {
        host->input_ended = true;
        return 0;
    }
    return count < 0 ? 0 : (size_t)count;
}

static void console_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    while (count > 0) {
        const ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0 && errno != EINTR) {
            exit(0); /* nobody listens */
        }
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
}

static size_t audio_read(void *context, int16_t *samples, size_t max)
{
    struct host *host = context;
    size_t count = 0;
    uint8_t pair[2];

    while (host->listening && count < max && fread(pair, 1, sizeof pair, host->pcm) == sizeof pair) {
        samples[count++] = (int16_t)(uint16_t)(pair[0] | (unsigned)pair[1] << 8);
    }
    return count;
}

static void audio_enable(void *context, bool on)
{
    struct host *host = context;
    host->listening = on;
}

static uint32_t audio_overruns(void *context)
{
    (void)context;
    return 0;
}

static uint32_t micros(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U);
}

static void indicate(void *context, bool on)
{
    (void)context;
    fprintf(stderr, "indicator %s\n", on ? "on" : "off");
}

static void idle(void *context)
{
    struct host *host = context;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    if (host->input_ended) {
        exit(0);
    }
    if (!host->listening || host->pcm == NULL || feof(host->pcm)) {
        (void)poll(&input, 1, IDLE_MS);
    }
}

/* Moves to the samples of a WAV file; a file without a RIFF header is samples from its first byte. */
static void skip_wav_header(FILE *file, const char *path)
{
    uint8_t header[RIFF_HEADER_BYTES];
    uint8_t chunk[CHUNK_HEADER_BYTES];

    if (fread(header, 1, sizeof header, file) != sizeof header || memcmp(header, "RIFF", 4) != 0) {
        rewind(file);
        return;
    }
    while (fread(chunk, 1, sizeof chunk, file) == sizeof chunk) {
        const uint32_t size =
            chunk[4] | (uint32_t)chunk[5] << 8 | (uint32_t)chunk[6] << 16 | (uint32_t)chunk[7] << 24;
        if (memcmp(chunk, "data", 4) == 0) {
            return;
        }
        if (fseek(file, (long)(size + size % 2U), SEEK_CUR) != 0) {
            break;
        }
    }
    die("a WAV file without a data chunk", path);
}

int main(int argc, char **argv)
{
    struct host host = {0};

    if (argc == 3 && strcmp(argv[1], "--pcm") == 0) {
        host.pcm = fopen(argv[2], "rb");
        if (host.pcm == NULL) {
            die(strerror(errno), argv[2]);
        }
        skip_wav_header(host.pcm, argv[2]);
    } else if (argc != 1) {
        die("usage: [--pcm FILE]", argv[0]);
    }
    const struct ww_port port = {
        .context = &host,
        .board = "host",
        .console_read = console_read,
        .console_write = console_write,
        .audio_read = host.pcm == NULL ? NULL : audio_read,
        .audio_enable = host.pcm == NULL ? NULL : audio_enable,
        .audio_overruns = host.pcm == NULL ? NULL : audio_overruns,
        .micros = micros,
        .indicate = indicate,
        .idle = idle,
    };
    ww_app_run(&port, &ww_program);
    return 0;
}
