/*
 * The table of the cosine transform; wwtool/frontend/mel_tables.py writes it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MEL_CEPSTRUM_H
#define WW_MEL_CEPSTRUM_H

#include <stdint.h>

#include "ww_mel_settings.h"

extern const int16_t ww_mel_cosines[WW_MEL_VALUES][WW_MEL_BANDS]; /* Q12; rows are orthonormal */

#endif /* WW_MEL_CEPSTRUM_H */
