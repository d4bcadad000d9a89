/*
 * Microphone: the board's MP34DT05 on the chip's PDM interface, 16 kHz, mono, by EasyDMA into two blocks in turn.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_PDM_H
#define NANO33BLE_PDM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pdm_init(void);

/* Starts or stops the microphone; both forget what is buffered. */
void pdm_enable(bool on);

bool pdm_waiting(void);
size_t pdm_read(int16_t *samples, size_t max);

/* Samples lost because nobody read them in time. */
uint32_t pdm_overruns(void);

void pdm_handler(void);

#endif /* NANO33BLE_PDM_H */
