/*
 * Hears raw audio on standard input (16 kHz, mono, signed 16 bits) and prints when each wake word was said:
 *
 *   arecord -t raw -f S16_LE -r 16000 -c 1 | PROGRAM
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "wakeword.h"

enum { BLOCK_SAMPLES = WAKEWORD_SAMPLE_RATE_HZ / 100 };

int main(void)
{
    int16_t samples[BLOCK_SAMPLES];
    uint64_t heard = 0;
    size_t count;

    if (!wakeword_begin()) {
        fprintf(stderr, "the settings of a detector in ww_config.c are out of range\n");
        return 1;
    }
    while ((count = fread(samples, sizeof samples[0], BLOCK_SAMPLES, stdin)) > 0) {
        const uint32_t words = wakeword_hear(samples, count);
        heard += count;
        for (unsigned word = 0; word < WAKEWORD_COUNT; word++) {
            if ((words >> word & 1u) != 0) {
                printf("%.2f s: %s\n", (double)heard / WAKEWORD_SAMPLE_RATE_HZ, wakeword_phrase(word));
                fflush(stdout);
            }
        }
    }
    return 0;
}
