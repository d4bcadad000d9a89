/*
 * ES8311, mono audio codec: only its ADC; the DAC stays off.
 *
 * Registers: ES8311 datasheet; values as public drivers have them (esp_codec_dev device/es8311, ESPHome components/es8311).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board_config.h"
#include "codec.h"

enum {
    RESET = 0x00,
    CLOCK_1 = 0x01,
    CLOCK_MULTIPLIER = 0x02,
    ADC_OVERSAMPLING = 0x03,
    DAC_OVERSAMPLING = 0x04,
    CLOCK_DIVIDERS = 0x05,
    BCLK_DIVIDER = 0x06,
    LRCK_DIVIDER_HIGH = 0x07,
    LRCK_DIVIDER_LOW = 0x08,
    SERIAL_IN = 0x09,
    SERIAL_OUT = 0x0A,
    POWER_B = 0x0B,
    POWER_C = 0x0C,
    POWER_ANALOGUE = 0x0D,
    POWER_ADC = 0x0E,
    BIAS_10 = 0x10,
    BIAS_11 = 0x11,
    POWER_DAC = 0x12,
    ANALOGUE_GAIN = 0x14,
    ADC_RAMP = 0x15,
    ADC_SCALE = 0x16,
    ADC_VOLUME = 0x17,
    HIGH_PASS_1 = 0x1B,
    HIGH_PASS_2 = 0x1C,
    NOISE_IMMUNITY = 0x44,
};

/* Without a pin for it, the codec makes its master clock from the bit clock: 64 per sample, times 4. */
enum { FROM_BCLK = BOARD_PIN_MCLK == BOARD_PIN_NONE, TIMES_4 = 2 << 3, USE_BCLK = 0x80 };

const struct codec_setting es8311_settings[ES8311_SETTINGS] = {
    {NOISE_IMMUNITY, 0x08}, /* of its I2C; the first write after power-up may be lost, so it comes twice */
    {NOISE_IMMUNITY, 0x08},
    {CLOCK_1, 0x30},
    {CLOCK_MULTIPLIER, FROM_BCLK ? TIMES_4 : 0}, /* 256 of a sample */
    {ADC_OVERSAMPLING, 0x10},
    {ADC_SCALE, 0x24}, /* 24 dB */
    {DAC_OVERSAMPLING, 0x10},
    {CLOCK_DIVIDERS, 0x00},
    {POWER_B, 0x00},
    {POWER_C, 0x00},
    {BIAS_10, 0x1F},
    {BIAS_11, 0x7F},
    {RESET, 0x80}, /* runs, as a slave */
    {CLOCK_1, (FROM_BCLK ? USE_BCLK : 0) | 0x3F},
    {BCLK_DIVIDER, 0x03},
    {LRCK_DIVIDER_HIGH, 0x00},
    {LRCK_DIVIDER_LOW, 0xFF}, /* 256 master clocks a sample */
    {SERIAL_IN, 0x40},        /* muted */
    {SERIAL_OUT, 0x00},       /* 24 bits, Philips I2S */
    {HIGH_PASS_1, 0x0A},
    {HIGH_PASS_2, 0x6A},
    {ADC_VOLUME, 0xBF}, /* 0 dB */
    {POWER_ADC, 0x02},
    {POWER_DAC, 0x02},     /* off */
    {ANALOGUE_GAIN, 0x1A}, /* the analogue microphone, 30 dB */
    {POWER_ANALOGUE, 0x01},
    {ADC_RAMP, 0x40},
};
