/*
 * ALSA's arecord as a program beside this one. See arecord.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "arecord.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

enum { NOT_FOUND = 127, RETRY_S = 5, SAMPLES_PER_MS = 16 };

/* In the child. Short periods bring samples soon; in the locale C its messages are those that hear_errors knows. */
__attribute__((noreturn)) static void become_arecord(const char *device, int audio, int errors, pid_t parent)
{
    char *const arguments[] = {"arecord",
                               "-q",
                               "-D",
                               (char *)(uintptr_t)device,
                               "-f",
                               "S16_LE",
                               "-r",
                               "16000",
                               "-c",
                               "1",
                               "-t",
                               "raw",
                               "--period-time=20000",
                               "--buffer-time=500000",
                               NULL};
    const int nothing = open("/dev/null", O_RDONLY);
    struct sigaction standard = {.sa_handler = SIG_DFL};

    (void)sigaction(SIGPIPE, &standard, NULL); /* only what is ignored stays so */
    (void)setpgid(0, 0);                       /* Ctrl-C is for the parent, which then ends this program in order */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(nothing, STDIN_FILENO) >= 0 && dup2(audio, STDOUT_FILENO) >= 0 &&
        dup2(errors, STDERR_FILENO) >= 0 && setenv("LC_ALL", "C", 1) == 0) {
        execvp(arguments[0], arguments);
    }
    _exit(NOT_FOUND);
}

static void close_pair(const int *ends)
{
    close(ends[0]);
    close(ends[1]);
}

/* Starts the program with its output in two pipes; 0 if there is no free process or pipe. */
static pid_t spawn(const char *device, int *audio_end, int *errors_end)
{
    const pid_t parent = getpid();
    int audio[2];
    int errors[2];

    if (pipe2(audio, O_CLOEXEC) != 0) {
        return 0;
    }
    if (pipe2(errors, O_CLOEXEC) != 0) {
        close_pair(audio);
        return 0;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        become_arecord(device, audio[1], errors[1], parent);
    }
    if (pid < 0 || fcntl(audio[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(errors[0], F_SETFL, O_NONBLOCK) != 0) {
        close_pair(audio);
        close_pair(errors);
        return 0;
    }
    close(audio[1]);
    close(errors[1]);
    *audio_end = audio[0];
    *errors_end = errors[0];
    return pid;
}

static void retry_later(struct arecord *arecord, uint64_t now_us)
{
    arecord->retry_us = now_us + RETRY_S * 1000000U;
}

void arecord_start(struct arecord *arecord, uint64_t now_us)
{
    arecord->has_low_byte = false;
    arecord->heard = false;
    arecord->line_chars = 0;
    arecord->last_line[0] = '\0';
    arecord->pid = spawn(arecord->device, &arecord->audio, &arecord->errors);
    if (arecord->pid == 0) {
        retry_later(arecord, now_us);
    }
}

/* Returns its status as wait gives it. */
static int end(struct arecord *arecord)
{
    int status = 0;

    close(arecord->audio);
    close(arecord->errors);
    (void)kill(arecord->pid, SIGKILL); /* no file can be damaged: it writes to pipes */
    while (waitpid(arecord->pid, &status, 0) < 0 && errno == EINTR) {
    }
    arecord->pid = 0;
    return status;
}

void arecord_stop(struct arecord *arecord)
{
    if (arecord->pid != 0) {
        (void)end(arecord);
    }
}

/* A line of its standard error: lost samples, or the reason for its end. */
static void hear_line(struct arecord *arecord)
{
    static const char overrun[] = "overrun!!! (at least ";
    const char *found;

    arecord->line[arecord->line_chars] = '\0';
    found = strstr(arecord->line, overrun);
    if (found != NULL) {
        const unsigned long lost_ms = strtoul(found + sizeof overrun - 1, NULL, 10);
        arecord->lost_samples += (uint32_t)(lost_ms + 1U) * SAMPLES_PER_MS;
    } else if (arecord->line_chars > 0) {
        memcpy(arecord->last_line, arecord->line, arecord->line_chars + 1);
    }
    arecord->line_chars = 0;
}

static void hear_errors(struct arecord *arecord)
{
    char text[256];
    ssize_t count;

    while ((count = read(arecord->errors, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] == '\n') {
                hear_line(arecord);
            } else if (arecord->line_chars + 1 < sizeof arecord->line) {
                arecord->line[arecord->line_chars++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
            }
        }
    }
}

/* Says why there is no sound, once; again only after there was sound. */
static void has_ended(struct arecord *arecord, uint64_t now_us)
{
    hear_errors(arecord);
    const int status = end(arecord);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

    retry_later(arecord, now_us);
    if (arecord->told && !arecord->heard) {
        return;
    }
    arecord->told = true;
    if (code == NOT_FOUND) {
        say("arecord cannot be run, so nothing is heard; install it: apt-get install alsa-utils (tried again every %d "
            "s)",
            RETRY_S);
    } else {
        say("arecord ended with status %d (%s), so nothing is heard from %s; see arecord -l, or free the device (tried "
            "again every %d s)",
            code, arecord->last_line, arecord->device, RETRY_S);
    }
}

static size_t to_samples(struct arecord *arecord, const uint8_t *bytes, size_t count, int16_t *samples)
{
    size_t made = 0;

    for (size_t i = 0; i < count; i++) {
        if (arecord->has_low_byte) {
            samples[made++] = (int16_t)(uint16_t)(arecord->low_byte | (unsigned)bytes[i] << 8);
        } else {
            arecord->low_byte = bytes[i];
        }
        arecord->has_low_byte = !arecord->has_low_byte;
    }
    return made;
}

size_t arecord_read(struct arecord *arecord, int16_t *samples, size_t max, uint64_t now_us)
{
    uint8_t bytes[512];

    if (arecord->pid == 0) {
        if (now_us < arecord->retry_us) {
            return 0;
        }
        arecord_start(arecord, now_us);
        if (arecord->pid == 0) {
            return 0;
        }
    }
    hear_errors(arecord);
    const size_t wanted = max * 2 < sizeof bytes ? max * 2 : sizeof bytes;
    const ssize_t count = read(arecord->audio, bytes, wanted);
    if (count > 0) {
        arecord->heard = true;
        return to_samples(arecord, bytes, (size_t)count, samples);
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        has_ended(arecord, now_us);
    }
    return 0;
}
