/*
 * The microphone that board_config.h names: an I2S one, one behind a codec, or a PDM one, at 16 kHz.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_MICROPHONE_H
#define ESP32S3_MICROPHONE_H

#include "bare.h"

/* Clocks, pins, codec. False if the codec does not answer; the microphone then stays silent. */
bool microphone_init(void);

/* Whether a block of samples is full. */
bool microphone_waiting(void);

#endif /* ESP32S3_MICROPHONE_H */
