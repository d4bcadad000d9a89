/*
 * What the program hears: nothing, a file, or an ALSA device.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_MICROPHONE_H
#define LINUX_MICROPHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arecord.h"
#include "options.h"
#include "recording.h"

struct microphone {
    enum sound sound; /* SOUND_DEFAULT: ALSA, though nobody asked for it */
    bool realtime;
    bool listening;
    uint64_t since_us; /* when it began to listen */
    uint64_t heard_samples;
    struct recording recording;
    struct arecord arecord;
};

/* Ends the program with a sentence if what the options ask for cannot be heard. */
void microphone_open(struct microphone *microphone, const struct options *options);

/* Whether what it hears comes from this descriptor, of which nobody else may then read. */
bool microphone_reads(const struct microphone *microphone, int descriptor);

bool microphone_is_there(const struct microphone *microphone);

/* As struct ww_port says of audio_read, audio_enable and audio_overruns. A file begins anew. */
size_t microphone_read(struct microphone *microphone, int16_t *samples, size_t max, uint64_t now_us);
void microphone_enable(struct microphone *microphone, bool on, uint64_t now_us);
uint32_t microphone_overruns(const struct microphone *microphone);

/* A descriptor that is readable when there are samples, or -1. */
int microphone_descriptor(const struct microphone *microphone);

/* There are samples now, or will be without a descriptor that tells: how long to wait for them, at most `most`. */
int microphone_wait_ms(const struct microphone *microphone, int most);

/* What was asked for has been heard, or cannot be heard any more without the console. */
bool microphone_is_done(const struct microphone *microphone);

#endif /* LINUX_MICROPHONE_H */
