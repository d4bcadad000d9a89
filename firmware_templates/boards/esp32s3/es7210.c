/*
 * ES7210, four-channel audio ADC: microphones 1 and 2 as the left and right slot of its first output.
 *
 * Registers: ES7210 datasheet; values for these clocks as public drivers have them (esp-bsp components/es7210, ESPHome
 * components/es7210).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "codec.h"

enum {
    RESET = 0x00,
    CLOCKS_OFF = 0x01,
    MAIN_CLOCK = 0x02,
    LRCK_DIVIDER_HIGH = 0x04,
    LRCK_DIVIDER_LOW = 0x05,
    POWER_DOWN = 0x06,
    OVERSAMPLING = 0x07,
    INITIAL_TIME = 0x09,
    POWER_UP_TIME = 0x0A,
    SERIAL_FORMAT = 0x11,
    SERIAL_MODE = 0x12,
    HIGH_PASS_2 = 0x22, /* of ADC 1 and 2 */
    HIGH_PASS_1 = 0x23,
    ANALOGUE = 0x40,
    BIAS_12 = 0x41,
    BIAS_34 = 0x42,
    GAIN_1 = 0x43,
    GAIN_2 = 0x44,
    GAIN_3 = 0x45,
    GAIN_4 = 0x46,
    POWER_1 = 0x47,
    POWER_2 = 0x48,
    POWER_12 = 0x4B,
    POWER_34 = 0x4C,
};
enum { GAIN_INPUT_ON = 0x10, GAIN_30_DB = 10 }; /* steps of 3 dB */

const struct codec_setting es7210_settings[ES7210_SETTINGS] = {
    {RESET, 0xFF},
    {RESET, 0x32},
    {CLOCKS_OFF, 0x3F},
    {INITIAL_TIME, 0x30},
    {POWER_UP_TIME, 0x30},
    {HIGH_PASS_1, 0x2A},
    {HIGH_PASS_2, 0x0A},
    {SERIAL_FORMAT, 0x00}, /* 24 bits, Philips I2S */
    {SERIAL_MODE, 0x00},   /* no TDM */
    {ANALOGUE, 0xC3},
    {BIAS_12, 0x70},
    {BIAS_34, 0x70},
    {GAIN_1, GAIN_INPUT_ON | GAIN_30_DB},
    {GAIN_2, GAIN_INPUT_ON | GAIN_30_DB},
    {GAIN_3, 0x00},
    {GAIN_4, 0x00},
    {CLOCKS_OFF, 0x34}, /* on: those of ADC 1 and 2 */
    {POWER_1, 0x08},
    {POWER_2, 0x08},
    {OVERSAMPLING, 0x20},
    {MAIN_CLOCK, 0xC1}, /* the master clock doubled, then by 1; no DLL */
    {LRCK_DIVIDER_HIGH, 0x01},
    {LRCK_DIVIDER_LOW, 0x00}, /* 256 master clocks a sample */
    {POWER_DOWN, 0x04},       /* the DLL */
    {POWER_12, 0x0F},
    {POWER_34, 0xFF}, /* off */
    {RESET, 0x71},
    {RESET, 0x41},
};
