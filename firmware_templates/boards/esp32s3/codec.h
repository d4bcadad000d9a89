/*
 * The codec between analogue microphones and I2S, where the board has one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_CODEC_H
#define ESP32S3_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A register and what is written to it. */
struct codec_setting {
    uint8_t number, value;
};

/* The settings of each codec, in order: I2S slave, 24 bits, 16 kHz from a clock of 4.096 MHz, one microphone. */
enum { ES7210_ADDRESS = 0x40, ES7210_SETTINGS = 28, ES8311_ADDRESS = 0x18, ES8311_SETTINGS = 27 };
extern const struct codec_setting es7210_settings[ES7210_SETTINGS];
extern const struct codec_setting es8311_settings[ES8311_SETTINGS];

/* Sets up the codec that board_config.h names; false if it does not answer. */
bool codec_init(void);

#endif /* ESP32S3_CODEC_H */
