/*
 * The console's bytes: on standard input and output, or on a pseudo-terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_CONSOLE_H
#define LINUX_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console {
    int input;
    int output;
    bool is_pty;
    bool ended;    /* its input has ended; never for a pseudo-terminal, which can be opened again */
    bool stalled;  /* nobody reads its text */
    char name[64]; /* of the pseudo-terminal */
    bool was_used; /* a program had the pseudo-terminal open at the last check */
    const char *link;
};

void console_open_standard(struct console *console);

/* Makes a pseudo-terminal and `link` (may be NULL) to it. Ends the program with a sentence if it cannot. */
void console_open_pty(struct console *console, const char *link);

size_t console_read(struct console *console, uint8_t *bytes, size_t max);

/* Waits for standard output until `console_interrupt`. Text that a pseudo-terminal's user does not read is dropped. */
void console_write(struct console *console, const uint8_t *bytes, size_t count);

/* Waits for input, for `other` to be readable (-1: nothing else), or until the time is over. */
void console_wait(const struct console *console, int other, int timeout_ms);

/* For a signal handler: ends all waiting. */
void console_interrupt(void);
bool console_interrupted(void);

/* Removes the link. */
void console_close(const struct console *console);

#endif /* LINUX_CONSOLE_H */
