/*
 * Samples from a file: a WAV of 16 kHz, mono, 16 bit, or the same samples without a header.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_RECORDING_H
#define LINUX_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct recording {
    FILE *file;
    off_t begin;         /* of the samples; -1: the file cannot be heard again, as it is a pipe */
    uint64_t bytes;      /* of samples, as the file says; UINT64_MAX: all there are */
    uint64_t bytes_left; /* of them */
};

/* Ends the program with a sentence if the file cannot be used. */
void recording_open(struct recording *recording, const char *path, bool is_wav);

/* Takes up to max samples; fewer only at the end. */
size_t recording_read(struct recording *recording, int16_t *samples, size_t max);

/* Whether the descriptor is of the same file. */
bool recording_is(const struct recording *recording, int descriptor);

bool recording_at_end(const struct recording *recording);

/* Back to the first sample, where that is possible. */
void recording_rewind(struct recording *recording);

#endif /* LINUX_RECORDING_H */
