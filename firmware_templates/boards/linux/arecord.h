/*
 * ALSA's arecord as a program beside this one, which converts to 16 kHz, mono, 16 bit and writes samples to a pipe. So
 * this program needs no library and links statically.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_ARECORD_H
#define LINUX_ARECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ARECORD_LINE_CHARS = 200 };

struct arecord {
    const char *device;
    pid_t pid;  /* 0: it does not run */
    int audio;  /* pipe from its standard output */
    int errors; /* pipe from its standard error */
    bool has_low_byte;
    uint8_t low_byte; /* of a sample whose high byte comes next */
    char line[ARECORD_LINE_CHARS];
    size_t line_chars;
    char last_line[ARECORD_LINE_CHARS];
    uint32_t lost_samples;
    bool heard;        /* samples since the last start */
    bool told;         /* the user knows that it does not work */
    uint64_t retry_us; /* when to start it again */
};

void arecord_start(struct arecord *arecord, uint64_t now_us);

/* Ends it. Samples in the pipe are lost. */
void arecord_stop(struct arecord *arecord);

/* Takes up to max samples. If it has ended, says why, and starts it again some seconds later. */
size_t arecord_read(struct arecord *arecord, int16_t *samples, size_t max, uint64_t now_us);

#endif /* LINUX_ARECORD_H */
