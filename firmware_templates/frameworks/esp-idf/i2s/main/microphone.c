/*
 * A microphone that speaks I2S, such as an INMP441. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "microphone.h"

#include "driver/i2s_std.h"
#include "sdkconfig.h"
#include "wakeword.h"

enum { MOST_SAMPLES = 160, TIMEOUT_MS = 1000, SHIFT = 16 - CONFIG_WAKEWORD_GAIN_BITS /* from 32 bits to 16 */ };

static i2s_chan_handle_t channel;
static int32_t levels[MOST_SAMPLES];
static int64_t mean;

esp_err_t microphone_start(void)
{
    const i2s_chan_config_t wanted = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    i2s_std_config_t config = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(WAKEWORD_SAMPLE_RATE_HZ),
        .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .mclk = (gpio_num_t)CONFIG_WAKEWORD_MCLK,
                .bclk = (gpio_num_t)CONFIG_WAKEWORD_BCLK,
                .ws = (gpio_num_t)CONFIG_WAKEWORD_WS,
                .dout = I2S_GPIO_UNUSED,
                .din = (gpio_num_t)CONFIG_WAKEWORD_SD,
            },
    };
#ifdef CONFIG_WAKEWORD_MICROPHONE_RIGHT
    config.slot_cfg.slot_mask = I2S_STD_SLOT_RIGHT;
#else
    config.slot_cfg.slot_mask = I2S_STD_SLOT_LEFT;
#endif
    esp_err_t result = i2s_new_channel(&wanted, NULL, &channel);
    if (result == ESP_OK) {
        result = i2s_channel_init_std_mode(channel, &config);
    }
    return result == ESP_OK ? i2s_channel_enable(channel) : result;
}

size_t microphone_read(int16_t *samples, size_t max)
{
    size_t bytes = 0;
    const size_t count = max < MOST_SAMPLES ? max : MOST_SAMPLES;

    if (i2s_channel_read(channel, levels, count * sizeof levels[0], &bytes, TIMEOUT_MS) != ESP_OK) {
        return 0;
    }
    for (size_t i = 0; i < bytes / sizeof levels[0]; i++) {
        samples[i] = wakeword_sample(levels[i], &mean, SHIFT);
    }
    return bytes / sizeof levels[0];
}
