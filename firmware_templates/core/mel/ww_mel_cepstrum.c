/*
 * Features that are the cosine transform of the levels of mel bands (MFCC). See ww_mel.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel_cepstrum.h"

#include "ww_mel.h"

/* A level is below 2^15 and a row of the table below 2^12 times the root of 128 bands: sums fit 31 bits. */
void ww_mel_values(const uint16_t levels[WW_MEL_BANDS], int32_t values[WW_MEL_VALUES])
{
    for (unsigned i = 0; i < WW_MEL_VALUES; ++i) {
        int32_t sum = 1 << (WW_MEL_DCT_BITS - 1);
        for (unsigned band = 0; band < WW_MEL_BANDS; ++band) {
            sum += ww_mel_cosines[i][band] * levels[band];
        }
        values[i] = sum >> WW_MEL_DCT_BITS;
    }
}
