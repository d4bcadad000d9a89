/* Stand-in: README of the component espressif/esp_codec_dev 1.3. */
#pragma once
#include "esp_codec_dev.h"
enum { ES7210_CODEC_DEFAULT_ADDR = 0x80, ES8311_CODEC_DEFAULT_ADDR = 0x30 };
enum { ES7210_SEL_MIC1 = 1, ES7210_SEL_MIC2 = 2 };
typedef struct {
    int port;
    uint8_t addr;
    i2c_master_bus_handle_t bus_handle;
} audio_codec_i2c_cfg_t;
typedef struct {
    uint8_t port;
    i2s_chan_handle_t rx_handle, tx_handle;
} audio_codec_i2s_cfg_t;
typedef struct {
    const audio_codec_ctrl_if_t *ctrl_if;
    bool master_mode;
    uint8_t mic_selected;
} es7210_codec_cfg_t;
typedef struct {
    const audio_codec_ctrl_if_t *ctrl_if;
    int codec_mode;
    int16_t pa_pin;
    bool use_mclk;
} es8311_codec_cfg_t;
static audio_codec_ctrl_if_t stand_in_control;
static audio_codec_data_if_t stand_in_data;
static audio_codec_if_t stand_in_codec;
static inline const audio_codec_ctrl_if_t *audio_codec_new_i2c_ctrl(audio_codec_i2c_cfg_t *config)
{
    stand_in_control.addr = config->addr;
    return &stand_in_control;
}
static inline const audio_codec_data_if_t *audio_codec_new_i2s_data(audio_codec_i2s_cfg_t *config)
{
    stand_in_data.channel = config->rx_handle;
    return &stand_in_data;
}
static inline const audio_codec_if_t *es7210_codec_new(es7210_codec_cfg_t *config)
{
    stand_in_codec.control = config->ctrl_if;
    return config->mic_selected != 0 && config->ctrl_if->addr == ES7210_CODEC_DEFAULT_ADDR ? &stand_in_codec : NULL;
}
static inline const audio_codec_if_t *es8311_codec_new(es8311_codec_cfg_t *config)
{
    stand_in_codec.control = config->ctrl_if;
    return config->codec_mode == ESP_CODEC_DEV_WORK_MODE_ADC && config->ctrl_if->addr == ES8311_CODEC_DEFAULT_ADDR
               ? &stand_in_codec
               : NULL;
}
