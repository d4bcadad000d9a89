/*
 * The few functions of stdio that a program on an emulated core uses, on files of the machine that emulates it: stdin
 * is the file `input`, stdout the file `output`, both in the emulator's working folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_EMULATED_STDIO_H
#define WW_EMULATED_STDIO_H

#include <stddef.h>

typedef struct ww_file FILE;
extern FILE *const stdin;
extern FILE *const stdout;

size_t fread(void *data, size_t size, size_t count, FILE *file);
size_t fwrite(const void *data, size_t size, size_t count, FILE *file);
int fflush(FILE *file);

#endif /* WW_EMULATED_STDIO_H */
