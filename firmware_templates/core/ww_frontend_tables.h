/*
 * Constant tables of the micro front end; wwtool/frontend/micro_tables.py has the formulas and writes the values.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_FRONTEND_TABLES_H
#define WW_FRONTEND_TABLES_H

#include <stdint.h>

#include "ww_frontend.h"

enum {
    WW_MEL_FIRST_BIN = 5,
    WW_MEL_END_BIN = 241,
    WW_MEL_BANDS = WW_FRONTEND_CHANNELS + 1,
    WW_MEL_BITS = 12,

    WW_WINDOW_TABLE_SIZE = WW_FRONTEND_WINDOW_SAMPLES,
    WW_COSINE_TABLE_SIZE = 507,
    WW_MEL_WEIGHTS_SIZE = WW_MEL_END_BIN - WW_MEL_FIRST_BIN,
    WW_GAIN_TABLE_SIZE = 2 + 3 * 31,
    WW_LOG_TABLE_SIZE = 129,
    WW_ROOT_TABLE_BASE = 256,
    WW_ROOT_TABLE_FIRST = 64,
    WW_ROOT_TABLE_SIZE = 256 - WW_ROOT_TABLE_FIRST,
};

extern const int16_t ww_window_table[WW_WINDOW_TABLE_SIZE];
extern const int16_t ww_cosine_table[WW_COSINE_TABLE_SIZE];
extern const uint8_t ww_mel_ends[WW_MEL_BANDS];
extern const uint16_t ww_mel_weights[WW_MEL_WEIGHTS_SIZE];
extern const int16_t ww_gain_table[WW_GAIN_TABLE_SIZE];
extern const uint16_t ww_log_table[WW_LOG_TABLE_SIZE];
extern const uint8_t ww_root_table[WW_ROOT_TABLE_SIZE];

#endif /* WW_FRONTEND_TABLES_H */
