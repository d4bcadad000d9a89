/*
 * Lines on standard error. See say.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRONG_USE = 2, LINE_CHARS = 1024 };

/* The C library's own way to an unbuffered stream takes eight times as much stack. */
__attribute__((format(printf, 1, 0))) static void print(const char *format, va_list arguments)
{
    char line[LINE_CHARS];

    vsnprintf(line, sizeof line, format, arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", program_invocation_short_name, line);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    exit(WRONG_USE);
}
