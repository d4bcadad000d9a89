/* Stand-in: ESP-IDF Programming Guide 5, "Inter-IC Sound (I2S)". What a channel reads is standard input. */
#pragma once
#include "esp_err.h"
#include "hal/gpio_types.h"
#include "stdin_audio.h"
#include <stddef.h>
typedef struct stand_in_channel *i2s_chan_handle_t;
typedef enum { I2S_NUM_0 = 0, I2S_NUM_1 = 1, I2S_NUM_AUTO = 2 } i2s_port_t;
typedef enum { I2S_ROLE_MASTER, I2S_ROLE_SLAVE } i2s_role_t;
typedef enum { I2S_DATA_BIT_WIDTH_16BIT = 16, I2S_DATA_BIT_WIDTH_32BIT = 32 } i2s_data_bit_width_t;
typedef enum { I2S_SLOT_MODE_MONO = 1, I2S_SLOT_MODE_STEREO = 2 } i2s_slot_mode_t;
typedef struct {
    i2s_port_t id;
    i2s_role_t role;
} i2s_chan_config_t;
#define I2S_CHANNEL_DEFAULT_CONFIG(port, what) {.id = (port), .role = (what)}
#define I2S_GPIO_UNUSED                        GPIO_NUM_NC
struct stand_in_channel {
    i2s_data_bit_width_t width;
    int enabled;
};
static struct stand_in_channel stand_in_channel;
static inline esp_err_t i2s_new_channel(const i2s_chan_config_t *config, i2s_chan_handle_t *tx, i2s_chan_handle_t *rx)
{
    *rx = &stand_in_channel;
    return tx == NULL && config->role == I2S_ROLE_MASTER ? ESP_OK : ESP_FAIL;
}
static inline esp_err_t i2s_channel_enable(i2s_chan_handle_t channel)
{
    channel->enabled = channel->width != 0;
    return channel->enabled ? ESP_OK : ESP_ERR_INVALID_STATE;
}
static inline esp_err_t i2s_channel_read(i2s_chan_handle_t channel, void *dest, size_t size, size_t *bytes, uint32_t ms)
{
    const size_t width = (size_t)channel->width / 8;
    for (*bytes = 0; channel->enabled && ms > 0 && *bytes + width <= size; *bytes += width) {
        const int16_t sample = stdin_sample();
        if (width == sizeof(int16_t)) {
            ((int16_t *)dest)[*bytes / width] = sample;
        } else {
            ((int32_t *)dest)[*bytes / width] = sample * (1 << 13); /* a quiet microphone: 18 dB below */
        }
    }
    return channel->enabled ? ESP_OK : ESP_ERR_INVALID_STATE;
}
