/*
 * The microphone: 16 kHz, mono, 16 bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MICROPHONE_H
#define MICROPHONE_H

#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

/* Starts it with the pins of `idf.py menuconfig`, "Wake word board". */
esp_err_t microphone_start(void);

/* Waits for samples; returns how many came, at most max. 0: none came within a second. */
size_t microphone_read(int16_t *samples, size_t max);

#endif /* MICROPHONE_H */
