/*
 * The microphone: 16 kHz, mono, 16 bits. One of microphone_adc.c and microphone_i2s.c is built.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MICROPHONE_H
#define MICROPHONE_H

#include <stddef.h>
#include <stdint.h>

void microphone_start(void);

/* Takes samples that have come, at most max; returns how many. It does not wait. */
size_t microphone_read(int16_t *samples, size_t max);

#endif /* MICROPHONE_H */
