/*
 * Microphone: the board's MP34DT05 on the chip's PDM interface, 16 kHz, mono, by EasyDMA into two blocks in turn.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_PDM_H
#define NANO33BLE_PDM_H

#include "bare.h"

void pdm_init(void);

bool microphone_waiting(void);

void pdm_handler(void);

#endif /* NANO33BLE_PDM_H */
