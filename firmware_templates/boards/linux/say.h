/*
 * What the program says to a person, on standard error, a line each; what it says to programs goes to the console.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_SAY_H
#define LINUX_SAY_H

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The same, and ends the program with status 2. */
__attribute__((format(printf, 1, 2), noreturn)) void refuse(const char *format, ...);

#endif /* LINUX_SAY_H */
