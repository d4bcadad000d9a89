/*
 * The codec. See codec.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "codec.h"

#include "board_config.h"
#include "clock.h"
#include "i2c.h"

enum { POWER_UP_US = 20000, ATTEMPTS = 3 };

static bool write(uint8_t address, const struct codec_setting *setting)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        if (i2c_write_register(address, setting->number, setting->value)) {
            return true;
        }
    }
    return false;
}

static bool write_all(uint8_t address, const struct codec_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!write(address, &settings[i])) {
            return false;
        }
    }
    return true;
}

bool codec_init(void)
{
    clock_wait_us(POWER_UP_US);
    i2c_init();
    if (BOARD_CODEC == BOARD_CODEC_ES7210) {
        return write_all(ES7210_ADDRESS, es7210_settings, ES7210_SETTINGS);
    }
    if (BOARD_CODEC == BOARD_CODEC_ES8311) {
        return write_all(ES8311_ADDRESS, es8311_settings, ES8311_SETTINGS);
    }
    return false;
}
