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

/* Ends the program with a sentence if it cannot hear what the options name. */
void microphone_open(struct microphone *microphone, const struct options *options);

/* Whether its sound comes from this descriptor. Then nobody else may read from it. */
bool microphone_reads(const struct microphone *microphone, int descriptor);

bool microphone_is_there(const struct microphone *microphone);

/* As audio_read, audio_enable and audio_overruns of struct ww_port. A file starts again. */
size_t microphone_read(struct microphone *microphone, int16_t *samples, size_t max, uint64_t now_us);
void microphone_enable(struct microphone *microphone, bool on, uint64_t now_us);
uint32_t microphone_overruns(const struct microphone *microphone);

/* A descriptor that is readable when there are samples, or -1. */
int microphone_descriptor(const struct microphone *microphone);

/* How long to wait for samples that no descriptor announces, at most `most`; 0 if there are samples now. */
int microphone_wait_ms(const struct microphone *microphone, int most);

/* The recording has ended, or nothing can be heard any more without the console. */
bool microphone_is_done(const struct microphone *microphone);

#endif /* LINUX_MICROPHONE_H */
