/*
 * What the program hears. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "microphone.h"

#include <dirent.h>
#include <string.h>

enum { SAMPLES_PER_MS = 16, BLOCK_MS = 10 };

static bool is_file(const struct microphone *microphone)
{
    return microphone->sound == SOUND_WAV || microphone->sound == SOUND_RAW;
}

static bool is_alsa(const struct microphone *microphone)
{
    return microphone->sound == SOUND_ALSA || microphone->sound == SOUND_DEFAULT;
}

/* Whether the kernel has a device for recording: pcmC<card>D<device>c. */
static bool computer_can_record(void)
{
    DIR *devices = opendir("/dev/snd");
    const struct dirent *entry;
    bool found = false;

    while (devices != NULL && !found && (entry = readdir(devices)) != NULL) {
        const size_t length = strlen(entry->d_name);
        found = strncmp(entry->d_name, "pcmC", 4) == 0 && entry->d_name[length - 1] == 'c';
    }
    if (devices != NULL) {
        (void)closedir(devices);
    }
    return found;
}

void microphone_open(struct microphone *microphone, const struct options *options)
{
    *microphone = (struct microphone){.sound = options->sound, .realtime = options->realtime};
    if (is_file(microphone)) {
        recording_open(&microphone->recording, options->source, options->sound == SOUND_WAV);
    } else if (options->sound == SOUND_ALSA) {
        microphone->arecord.device = options->source;
    } else if (options->sound == SOUND_DEFAULT) {
        microphone->arecord.device = "default";
        microphone->sound = computer_can_record() ? SOUND_DEFAULT : SOUND_NONE;
    }
}

bool microphone_reads(const struct microphone *microphone, int descriptor)
{
    return is_file(microphone) && recording_is(&microphone->recording, descriptor);
}

bool microphone_is_there(const struct microphone *microphone)
{
    return microphone->sound != SOUND_NONE;
}

size_t microphone_read(struct microphone *microphone, int16_t *samples, size_t max, uint64_t now_us)
{
    if (!microphone->listening) {
        return 0;
    }
    if (is_alsa(microphone)) {
        return arecord_read(&microphone->arecord, samples, max, now_us);
    }
    if (microphone->realtime) {
        const uint64_t due = (now_us - microphone->since_us) * SAMPLES_PER_MS / 1000U - microphone->heard_samples;
        max = due < max ? (size_t)due : max;
    }
    const size_t count = recording_read(&microphone->recording, samples, max);
    microphone->heard_samples += count;
    return count;
}

void microphone_enable(struct microphone *microphone, bool on, uint64_t now_us)
{
    microphone->listening = on;
    microphone->since_us = now_us;
    microphone->heard_samples = 0;
    if (is_file(microphone)) {
        recording_rewind(&microphone->recording);
    } else if (on) {
        arecord_start(&microphone->arecord, now_us);
    } else {
        arecord_stop(&microphone->arecord);
    }
}

uint32_t microphone_overruns(const struct microphone *microphone)
{
    return microphone->arecord.lost_samples;
}

int microphone_descriptor(const struct microphone *microphone)
{
    return microphone->arecord.pid != 0 ? microphone->arecord.audio : -1;
}

int microphone_wait_ms(const struct microphone *microphone, int most)
{
    if (!microphone->listening || !is_file(microphone) || recording_at_end(&microphone->recording)) {
        return most;
    }
    return microphone->realtime ? BLOCK_MS : 0;
}

bool microphone_is_done(const struct microphone *microphone)
{
    if (!microphone->listening || microphone->sound == SOUND_DEFAULT) {
        return true;
    }
    return is_file(microphone) && recording_at_end(&microphone->recording);
}
