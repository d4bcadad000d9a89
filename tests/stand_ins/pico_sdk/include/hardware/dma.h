/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_dma. */
#pragma once
#include "pico/stdlib.h"
enum { STAND_IN_CHANNELS = 12, DREQ_ADC = 36, DMA_SIZE_32 = 2, DMA_IRQ_0 = 11 };
typedef struct {
    uint next;
} dma_channel_config;
struct dma_channel {
    uint32_t *to;
    const volatile void *from;
    uint count, next;
    bool claimed, done;
};
extern struct dma_channel stand_in_dma[STAND_IN_CHANNELS];
extern uint stand_in_active;
static inline int dma_claim_unused_channel(bool required)
{
    for (int i = 0; i < STAND_IN_CHANNELS; i++) {
        if (!stand_in_dma[i].claimed) {
            stand_in_dma[i].claimed = true;
            return i;
        }
    }
    return required ? (abort(), -1) : -1;
}
static inline dma_channel_config dma_channel_get_default_config(uint channel)
{
    return (dma_channel_config){channel};
}
static inline void channel_config_set_transfer_data_size(dma_channel_config *config, int size)
{
    (void)config, (void)size;
}
static inline void channel_config_set_read_increment(dma_channel_config *config, bool on)
{
    (void)config, (void)on;
}
static inline void channel_config_set_write_increment(dma_channel_config *config, bool on)
{
    (void)config, (void)on;
}
static inline void channel_config_set_ring(dma_channel_config *config, bool write, uint bits)
{
    (void)config, (void)write, (void)bits;
}
static inline void channel_config_set_dreq(dma_channel_config *config, uint dreq)
{
    (void)config, (void)dreq;
}
static inline void channel_config_set_chain_to(dma_channel_config *config, uint channel)
{
    config->next = channel;
}
static inline void dma_channel_configure(uint channel, const dma_channel_config *config, volatile void *to,
                                         const volatile void *from, uint count, bool start)
{
    stand_in_dma[channel] = (struct dma_channel){(uint32_t *)(uintptr_t)to, from, count, config->next, true, false};
    stand_in_active = start ? channel : stand_in_active;
}
static inline void dma_channel_set_irq0_enabled(uint channel, bool on)
{
    (void)channel, (void)on;
}
static inline bool dma_channel_get_irq0_status(uint channel)
{
    return stand_in_dma[channel].done;
}
static inline void dma_channel_acknowledge_irq0(uint channel)
{
    stand_in_dma[channel].done = false;
}
static inline void dma_channel_start(uint channel)
{
    stand_in_active = channel;
}
