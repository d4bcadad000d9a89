/*
 * The program's arguments.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_OPTIONS_H
#define LINUX_OPTIONS_H

#include <stdbool.h>

enum sound {
    SOUND_DEFAULT, /* ALSA's default device if the computer has a microphone */
    SOUND_NONE,
    SOUND_WAV,
    SOUND_RAW,
    SOUND_ALSA,
};

struct options {
    enum sound sound;
    const char *source; /* the file, or ALSA's name of the device */
    bool realtime;
    bool pty;
    const char *link; /* to the pseudo-terminal; NULL: none */
    const char *led;  /* NULL: the board's own */
};

/* Ends the program if they are wrong, or after the help text. */
struct options options_of(int count, char **arguments);

#endif /* LINUX_OPTIONS_H */
