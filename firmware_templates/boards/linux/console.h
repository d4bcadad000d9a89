/*
 * The console's bytes: on standard input and output, or on a pseudo-terminal of its own.
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
    bool ended;    /* nobody can speak to it any more; never for a pseudo-terminal, which can be opened again */
    bool stalled;  /* what it says is not taken */
    char name[64]; /* of the pseudo-terminal */
    bool was_used; /* the pseudo-terminal, when it was last looked at */
    const char *link;
};

void console_open_standard(struct console *console);

/* Makes a pseudo-terminal and `link` (may be NULL) to it. Ends the program with a sentence if it cannot. */
void console_open_pty(struct console *console, const char *link);

size_t console_read(struct console *console, uint8_t *bytes, size_t max);

/* Standard output is waited for until `console_interrupt`; what a pseudo-terminal's user does not take is dropped. */
void console_write(struct console *console, const uint8_t *bytes, size_t count);

/* Waits for input, for `other` to be readable (-1: nothing else), or for so long. */
void console_wait(const struct console *console, int other, int timeout_ms);

/* From a signal handler: nothing is waited for any more. */
void console_interrupt(void);
bool console_interrupted(void);

/* Removes the link. */
void console_close(const struct console *console);

#endif /* LINUX_CONSOLE_H */
