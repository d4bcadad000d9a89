/*
 * The features of the audio on the standard input, to the standard output: a program for emulated cores.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "ww_frontend.h"

int main(void)
{
    static struct ww_frontend frontend;
    int16_t samples[100];
    size_t count;

    ww_frontend_init(&frontend, WW_FRONTEND_STEP);
    while ((count = fread(samples, sizeof samples[0], sizeof samples / sizeof samples[0], stdin)) != 0) {
        for (size_t taken = 0; taken < count;) {
            uint16_t features[WW_FRONTEND_CHANNELS];
            bool ready;
            taken += ww_frontend_process(&frontend, samples + taken, count - taken, features, &ready);
            for (size_t i = 0; ready && i < WW_FRONTEND_CHANNELS; ++i) {
                int8_t feature = ww_frontend_quantize(features[i]);
                if (fwrite(&feature, 1, 1, stdout) != 1) {
                    return 1;
                }
            }
        }
    }
    return 0;
}
