/*
 * Features that are the levels of mel bands. See ww_mel.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_mel.h"

void ww_mel_values(const uint16_t levels[WW_MEL_BANDS], int32_t values[WW_MEL_VALUES])
{
    for (unsigned i = 0; i < WW_MEL_VALUES; ++i) {
        values[i] = levels[i];
    }
}
