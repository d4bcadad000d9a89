/* Stand-in: README of the component espressif/esp_codec_dev 1.3. */
#pragma once
#include "driver/i2c_master.h"
#include "driver/i2s_common.h"
#include <stdbool.h>
enum { ESP_CODEC_DEV_OK = 0, ESP_CODEC_DEV_TYPE_IN = 1, ESP_CODEC_DEV_WORK_MODE_ADC = 1 };
typedef struct {
    uint8_t addr;
} audio_codec_ctrl_if_t;
typedef struct {
    i2s_chan_handle_t channel;
} audio_codec_data_if_t;
typedef struct {
    const audio_codec_ctrl_if_t *control;
} audio_codec_if_t;
typedef struct {
    int dev_type;
    const audio_codec_if_t *codec_if;
    const audio_codec_data_if_t *data_if;
} esp_codec_dev_cfg_t;
typedef struct {
    uint8_t bits_per_sample, channel;
    uint16_t channel_mask;
    uint32_t sample_rate;
} esp_codec_dev_sample_info_t;
typedef const audio_codec_data_if_t *esp_codec_dev_handle_t;
static inline esp_codec_dev_handle_t esp_codec_dev_new(esp_codec_dev_cfg_t *config)
{
    const bool complete = config->codec_if != NULL && config->data_if != NULL;
    return complete && config->dev_type == ESP_CODEC_DEV_TYPE_IN ? config->data_if : NULL;
}
static inline int esp_codec_dev_open(esp_codec_dev_handle_t codec, esp_codec_dev_sample_info_t *format)
{
    const bool right = format->bits_per_sample == 16 && format->sample_rate == 16000;
    return codec != NULL && right ? ESP_CODEC_DEV_OK : -1;
}
static inline int esp_codec_dev_set_in_gain(esp_codec_dev_handle_t codec, float db)
{
    return codec != NULL && db >= 0 ? ESP_CODEC_DEV_OK : -1;
}
static inline int esp_codec_dev_read(esp_codec_dev_handle_t codec, void *data, int length)
{
    for (int i = 0; i < length / 4; i++) { /* the same in both slots */
        ((int16_t *)data)[2 * i] = ((int16_t *)data)[2 * i + 1] = stdin_sample();
    }
    return codec != NULL ? ESP_CODEC_DEV_OK : -1;
}
