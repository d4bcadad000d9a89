/* Stand-in: Zephyr's documentation, "Digital Microphone (DMIC)". What it reads is standard input. */
#pragma once
#include "stdin_audio.h"
#include "zephyr/devicetree.h"
#include "zephyr/kernel.h"
enum pdm_lr { PDM_CHAN_LEFT, PDM_CHAN_RIGHT };
enum dmic_trigger { DMIC_TRIGGER_STOP, DMIC_TRIGGER_START };
struct pcm_stream_cfg {
    uint32_t pcm_rate;
    uint8_t pcm_width;
    uint16_t block_size;
    struct k_mem_slab *mem_slab;
};
struct dmic_cfg {
    struct {
        uint32_t min_pdm_clk_freq, max_pdm_clk_freq;
        uint8_t min_pdm_clk_dc, max_pdm_clk_dc;
    } io;
    struct pcm_stream_cfg *streams;
    struct {
        uint32_t req_chan_map_lo, req_chan_map_hi;
        uint8_t req_num_chan, req_num_streams;
    } channel;
};
static struct pcm_stream_cfg stand_in_stream;
static inline uint32_t dmic_build_channel_map(uint8_t channel, uint8_t pdm, enum pdm_lr lr)
{
    return (uint32_t)(pdm << 1 | (int)lr) << (channel * 4);
}
static inline int dmic_configure(const struct device *device, struct dmic_cfg *config)
{
    stand_in_stream = config->streams[0];
    return device_is_ready(device) && config->channel.req_num_chan == 1 && stand_in_stream.pcm_width == 16 ? 0
                                                                                                           : -EINVAL;
}
static inline int dmic_trigger(const struct device *device, enum dmic_trigger command)
{
    (void)command;
    return device_is_ready(device) ? 0 : -EINVAL;
}
static inline int dmic_read(const struct device *device, uint8_t stream, void **buffer, size_t *size, int32_t timeout)
{
    if (!device_is_ready(device) || stream != 0 || timeout <= 0 || stand_in_stream.mem_slab->used++ != 0) {
        return -EIO;
    }
    *size = stand_in_stream.block_size;
    *buffer = malloc(*size);
    for (size_t i = 0; i < *size / sizeof(int16_t); i++) {
        ((int16_t *)*buffer)[i] = stdin_sample();
    }
    return 0;
}
