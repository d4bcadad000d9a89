/*
 * The console's bytes. See console.h.
 *
 * As long as no program has a pseudo-terminal open, poll gives POLLHUP for its master, and reading gives EIO. Writing
 * does not fail: without care the next program would get text from before it came.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "say.h"

enum {
    PATIENCE_MS = 200,
    PATH_BYTES = 4096,
    WRITE_BYTES = 512, /* _POSIX_PIPE_BUF: so many a pipe takes without blocking when poll says that it takes some */
};

static volatile sig_atomic_t interrupted;

void console_interrupt(void)
{
    interrupted = 1;
}

bool console_interrupted(void)
{
    return interrupted != 0;
}

void console_open_standard(struct console *console)
{
    *console = (struct console){.input = STDIN_FILENO, .output = STDOUT_FILENO};
}

/* No echo, no line editing, no control characters; this stays when the terminal is closed. */
static bool make_raw(const char *name)
{
    const int terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios settings;
    bool done = false;

    if (terminal >= 0) {
        if (tcgetattr(terminal, &settings) == 0) {
            cfmakeraw(&settings);
            done = tcsetattr(terminal, TCSANOW, &settings) == 0;
        }
        close(terminal);
    }
    return done;
}

/* Replaces the link of a killed program, by renaming, so that there is a link at every moment. */
static void make_link(const char *name, const char *link)
{
    char temporary[PATH_BYTES];
    struct stat old;

    if (lstat(link, &old) == 0 && !S_ISLNK(old.st_mode)) {
        refuse("%s is there and is no link; give --pty another name", link);
    }
    if (snprintf(temporary, sizeof temporary, "%s.%ld", link, (long)getpid()) >= (int)sizeof temporary ||
        symlink(name, temporary) != 0) {
        refuse("%s cannot be made: %s; give --pty another name", link, strerror(errno));
    }
    if (rename(temporary, link) != 0) {
        const int reason = errno;
        (void)unlink(temporary);
        refuse("%s cannot be made: %s; give --pty another name", link, strerror(reason));
    }
}

void console_open_pty(struct console *console, const char *link)
{
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    *console = (struct console){.input = master, .output = master, .is_pty = true, .link = link};
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || fcntl(master, F_SETFL, O_NONBLOCK) != 0 ||
        ptsname_r(master, console->name, sizeof console->name) != 0 || !make_raw(console->name)) {
        refuse("there is no pseudo-terminal to be had: %s; leave --pty out", strerror(errno));
    }
    if (link != NULL) {
        make_link(console->name, link);
    }
}

static short events_of(int descriptor, short wanted, int timeout_ms)
{
    struct pollfd file = {.fd = descriptor, .events = wanted};
    return poll(&file, 1, timeout_ms) > 0 ? file.revents : 0;
}

/* Whether no program has the pseudo-terminal open. Text that its last user has not read is dropped. */
static bool nobody_there(struct console *console)
{
    if (!console->is_pty || (events_of(console->output, 0, 0) & POLLHUP) == 0) {
        console->was_used = true;
        return false;
    }
    if (console->was_used) {
        const int terminal = open(console->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        (void)tcflush(terminal, TCIFLUSH);
        close(terminal);
        console->was_used = false;
    }
    return true;
}

size_t console_read(struct console *console, uint8_t *bytes, size_t max)
{
    if (console->ended || nobody_there(console) || events_of(console->input, POLLIN, 0) == 0) {
        return 0;
    }
    const ssize_t count = read(console->input, bytes, max);
    if (count > 0) {
        return (size_t)count;
    }
    if (!console->is_pty && (count == 0 || errno != EINTR)) {
        console->ended = true;
    }
    return 0;
}

/*
 * Waits until standard output takes bytes; false if the program is to end first. A signal that comes between a look at
 * `interrupted` and a call that blocks would not end that call, so that nothing here blocks for long.
 */
static bool wait_for_output(const struct console *console)
{
    do {
        if (console->is_pty || events_of(console->output, POLLOUT, PATIENCE_MS) != 0) {
            return true;
        }
    } while (!interrupted);
    return false;
}

/* Whether another attempt to write makes sense. */
static bool write_again(struct console *console)
{
    if (errno == EINTR) {
        return !interrupted;
    }
    if (!console->is_pty && errno == EAGAIN) { /* a program that shares it has made it non-blocking */
        return !interrupted;
    }
    if (!console->is_pty) {
        if (errno != EPIPE) {
            say("standard output cannot be written: %s; give it room, or another place", strerror(errno));
        }
        console->ended = true;
        interrupted = 1; /* nobody reads its text */
        return false;
    }
    if (errno != EAGAIN || console->stalled) {
        return false;
    }
    console->stalled = events_of(console->output, POLLOUT, PATIENCE_MS) == 0;
    return !console->stalled;
}

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
    if (nobody_there(console)) {
        return;
    }
    while (count > 0 && wait_for_output(console)) {
        const size_t part = count < WRITE_BYTES ? count : WRITE_BYTES;
        const ssize_t written = write(console->output, bytes, part);
        if (written > 0) {
            console->stalled = false;
            bytes += written;
            count -= (size_t)written;
        } else if (!write_again(console)) {
            return;
        }
    }
}

void console_wait(const struct console *console, int other, int timeout_ms)
{
    struct pollfd inputs[] = {{.fd = console->ended ? -1 : console->input, .events = POLLIN},
                              {.fd = other, .events = POLLIN}};

    if (poll(inputs, 2, timeout_ms) > 0 && inputs[1].revents == 0 && (inputs[0].revents & POLLIN) == 0 &&
        console->is_pty) {
        inputs[0].fd = -1; /* nobody has it open, and poll would return at once, again and again */
        (void)poll(inputs, 2, timeout_ms);
    }
}

void console_close(const struct console *console)
{
    char target[sizeof console->name + 1] = "";

    if (console->link != NULL && readlink(console->link, target, sizeof target - 1) > 0 &&
        strcmp(target, console->name) == 0) {
        (void)unlink(console->link);
    }
}
