/*
 * A PDM microphone; the chip makes samples of its bits. See microphone.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "microphone.h"

#include "driver/i2s_pdm.h"
#include "sdkconfig.h"
#include "wakeword.h"

enum { TIMEOUT_MS = 1000, GAIN = 1 << CONFIG_WAKEWORD_GAIN_BITS };

static i2s_chan_handle_t channel;
static int64_t mean;

esp_err_t microphone_start(void)
{
    const i2s_chan_config_t wanted = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_0, I2S_ROLE_MASTER); /* only it hears PDM */
    i2s_pdm_rx_config_t config = {
        .clk_cfg = I2S_PDM_RX_CLK_DEFAULT_CONFIG(WAKEWORD_SAMPLE_RATE_HZ),
        .slot_cfg = I2S_PDM_RX_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_16BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .clk = (gpio_num_t)CONFIG_WAKEWORD_WS,
                .din = (gpio_num_t)CONFIG_WAKEWORD_SD,
            },
    };
#ifdef CONFIG_WAKEWORD_MICROPHONE_RIGHT
    config.slot_cfg.slot_mask = I2S_PDM_SLOT_RIGHT;
#else
    config.slot_cfg.slot_mask = I2S_PDM_SLOT_LEFT;
#endif
    esp_err_t result = i2s_new_channel(&wanted, NULL, &channel);
    if (result == ESP_OK) {
        result = i2s_channel_init_pdm_rx_mode(channel, &config);
    }
    return result == ESP_OK ? i2s_channel_enable(channel) : result;
}

size_t microphone_read(int16_t *samples, size_t max)
{
    size_t bytes = 0;

    if (i2s_channel_read(channel, samples, max * sizeof samples[0], &bytes, TIMEOUT_MS) != ESP_OK) {
        return 0;
    }
    for (size_t i = 0; i < bytes / sizeof samples[0]; i++) {
        samples[i] = wakeword_sample(samples[i] * GAIN, &mean, 0);
    }
    return bytes / sizeof samples[0];
}
