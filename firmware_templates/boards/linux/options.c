/*
 * The program's arguments. See options.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static const char help[] =
    "  --wav FILE       hear a WAV file, 16 kHz, mono, 16 bit\n"
    "  --raw FILE       hear samples without a header, int16 little-endian mono at 16 kHz\n"
    "  --realtime       hear the file as fast as it was recorded, not as fast as it can be read\n"
    "  --alsa DEVICE    hear an ALSA device through arecord: default, plughw:1,0, ...\n"
    "  --no-audio       hear nothing but what comes over the console\n"
    "                   (none of these: ALSA's default device, if the computer has a microphone)\n"
    "  --pty [LINK]     the console on a pseudo-terminal of its own, whose name is printed; LINK leads to it\n"
    "                   (without: the console on standard input and output)\n"
    "  --led FILE       show detections on an LED: its brightness file below /sys/class/leds\n"
    "  --help           this text\n";

static void take_sound(struct options *options, enum sound sound, const char *source)
{
    if (options->sound != SOUND_DEFAULT) {
        refuse("only one of --wav, --raw, --alsa and --no-audio can be heard; leave the others out");
    }
    options->sound = sound;
    options->source = source;
}

/* The value behind the argument at `place`, which moves on. */
static const char *value(int count, char **arguments, int *place)
{
    if (*place + 1 >= count) {
        refuse("%s needs a value; see --help", arguments[*place]);
    }
    return arguments[++*place];
}

struct options options_of(int count, char **arguments)
{
    struct options options = {0};

    for (int i = 1; i < count; i++) {
        const char *name = arguments[i];
        if (strcmp(name, "--wav") == 0) {
            take_sound(&options, SOUND_WAV, value(count, arguments, &i));
        } else if (strcmp(name, "--raw") == 0) {
            take_sound(&options, SOUND_RAW, value(count, arguments, &i));
        } else if (strcmp(name, "--alsa") == 0) {
            take_sound(&options, SOUND_ALSA, value(count, arguments, &i));
        } else if (strcmp(name, "--no-audio") == 0) {
            take_sound(&options, SOUND_NONE, NULL);
        } else if (strcmp(name, "--realtime") == 0) {
            options.realtime = true;
        } else if (strcmp(name, "--led") == 0) {
            options.led = value(count, arguments, &i);
        } else if (strcmp(name, "--pty") == 0) {
            options.pty = true;
            if (i + 1 < count && strncmp(arguments[i + 1], "--", 2) != 0) {
                options.link = arguments[++i];
            }
        } else if (strcmp(name, "--help") == 0) {
            printf("%s [OPTION]...\n%s", arguments[0], help);
            exit(EXIT_SUCCESS);
        } else {
            refuse("there is no option '%s'; see --help", name);
        }
    }
    if (options.realtime && options.sound != SOUND_WAV && options.sound != SOUND_RAW) {
        refuse("--realtime goes with --wav or --raw; leave it out");
    }
    return options;
}
