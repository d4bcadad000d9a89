/*
 * The microphone of every stand-in: samples from standard input. At its end the program ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STDIN_AUDIO_H
#define STDIN_AUDIO_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline int16_t stdin_sample(void)
{
    int16_t sample;
    if (fread(&sample, sizeof sample, 1, stdin) != 1) {
        exit(0);
    }
    return sample;
}

#endif /* STDIN_AUDIO_H */
