/*
 * Words by DMA. See blocks.h.
 *
 * Two channels take turns: each fills its own block, wraps its write address (ring mode) and starts the other. Nothing
 * has to be re-armed in time; a late interrupt costs words, never the sequence.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "blocks.h"

#include "hardware/dma.h"
#include "hardware/irq.h"
#include "hardware/sync.h"

enum {
    CHANNELS = 2,
    BLOCK_WORDS = 64, /* 4 ms */
    RING_BITS = 8,    /* log2 of a block's bytes */
    RING_WORDS = 2048 /* 128 ms: longer than any inference that keeps up */
};
_Static_assert(BLOCK_WORDS * sizeof(uint32_t) == 1u << RING_BITS, "a DMA ring is a power of two bytes");

static uint32_t blocks[CHANNELS][BLOCK_WORDS] __attribute__((aligned(1u << RING_BITS)));
static uint channels[CHANNELS];
static uint32_t ring[RING_WORDS];
static volatile uint32_t in, out; /* counts of words, wrapping */

static void take_block(const uint32_t *block)
{
    uint32_t at = in;
    for (uint32_t i = 0; i < BLOCK_WORDS && at - out < RING_WORDS; i++) {
        ring[at++ % RING_WORDS] = block[i];
    }
    in = at;
}

static void handle_interrupt(void)
{
    for (uint32_t i = 0; i < CHANNELS; i++) {
        if (dma_channel_get_irq0_status(channels[i])) {
            dma_channel_acknowledge_irq0(channels[i]);
            take_block(blocks[i]);
        }
    }
}

void blocks_start(const volatile void *fifo, unsigned request)
{
    for (uint32_t i = 0; i < CHANNELS; i++) {
        channels[i] = (uint)dma_claim_unused_channel(true);
    }
    for (uint32_t i = 0; i < CHANNELS; i++) {
        dma_channel_config config = dma_channel_get_default_config(channels[i]);
        channel_config_set_transfer_data_size(&config, DMA_SIZE_32);
        channel_config_set_read_increment(&config, false);
        channel_config_set_write_increment(&config, true);
        channel_config_set_ring(&config, true, RING_BITS);
        channel_config_set_dreq(&config, request);
        channel_config_set_chain_to(&config, channels[i ^ 1u]);
        dma_channel_configure(channels[i], &config, blocks[i], fifo, BLOCK_WORDS, false);
        dma_channel_set_irq0_enabled(channels[i], true);
    }
    irq_set_exclusive_handler(DMA_IRQ_0, handle_interrupt);
    irq_set_enabled(DMA_IRQ_0, true);
    dma_channel_start(channels[0]);
}

size_t blocks_read(uint32_t *words, size_t max)
{
    const uint32_t at = out, available = in - at;
    const size_t count = max < available ? max : available;

    for (size_t i = 0; i < count; i++) {
        words[i] = ring[(at + i) % RING_WORDS];
    }
    __mem_fence_release(); /* the words before their room is free again */
    out = at + (uint32_t)count;
    return count;
}
