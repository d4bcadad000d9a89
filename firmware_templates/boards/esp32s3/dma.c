/*
 * The DMA's receive channel. See dma.h.
 *
 * A descriptor has the owner of its block. The DMA fills the blocks in turn, round and round, and marks each as the
 * processor's (TRM, "GDMA Controller", "Linked List"). It does not check the mark: a late reader costs samples, but
 * never the sequence. The mark of the block before the oldest one, which is filled last, shows a late reader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dma.h"

#include "esp32s3.h"

#define OF_DMA       (1u << 31) /* owner */
#define LENGTH_SHIFT 12         /* bytes received, in bits 23..12; the block's size is in 11..0 */
#define LENGTH_MASK  0xFFFu

struct descriptor {
    volatile uint32_t state;
    uint32_t block;
    uint32_t next;
};

static struct {
    volatile uint32_t blocks[DMA_BLOCKS][DMA_BLOCK_BYTES / 4];
    struct descriptor descriptors[DMA_BLOCKS];
    uint32_t oldest;
    bool lost; /* the position of the DMA is unknown */
} ring;

static void give(uint32_t number)
{
    ring.descriptors[number].state = OF_DMA | DMA_BLOCK_BYTES;
}

static void give_all(void)
{
    for (uint32_t i = 0; i < DMA_BLOCKS; i++) {
        give(i);
    }
}

static bool is_filled(uint32_t number)
{
    return (ring.descriptors[number % DMA_BLOCKS].state & OF_DMA) == 0;
}

void dma_init(void)
{
    SYSTEM_PERIP_CLK_EN1 |= SYSTEM_PERIP1_DMA;
    SYSTEM_PERIP_RST_EN1 |= SYSTEM_PERIP1_DMA;
    SYSTEM_PERIP_RST_EN1 &= ~SYSTEM_PERIP1_DMA;
    for (uint32_t i = 0; i < DMA_BLOCKS; i++) {
        ring.descriptors[i].block = (uint32_t)(uintptr_t)ring.blocks[i];
        ring.descriptors[i].next = (uint32_t)(uintptr_t)&ring.descriptors[(i + 1u) % DMA_BLOCKS];
    }
    give_all();
}

void dma_start(void)
{
    give_all();
    ring.oldest = 0;
    ring.lost = false;
    GDMA_IN_CONF0 = GDMA_IN_CONF0_RESET;
    GDMA_IN_CONF0 = 0;
    GDMA_IN_CONF1 &= ~GDMA_IN_CONF1_CHECK_OWNER;
    GDMA_IN_PERI_SEL = GDMA_PERI_I2S0;
    const uint32_t first = (uint32_t)(uintptr_t)&ring.descriptors[0] & GDMA_IN_LINK_ADDRESS;
    GDMA_IN_LINK = (GDMA_IN_LINK & ~GDMA_IN_LINK_ADDRESS) | first;
    GDMA_IN_LINK |= GDMA_IN_LINK_START;
}

void dma_stop(void)
{
    GDMA_IN_LINK |= GDMA_IN_LINK_STOP;
    give_all();
}

/* The first full block behind an empty one. If all are full, any of them: dma_lapped then detects that. */
static void find_oldest(void)
{
    uint32_t i = 0;
    while (i < DMA_BLOCKS && !(is_filled(i) && !is_filled(i + DMA_BLOCKS - 1u))) {
        i++;
    }
    ring.oldest = i % DMA_BLOCKS;
    ring.lost = !is_filled(ring.oldest);
}

const volatile uint32_t *dma_oldest(size_t *bytes)
{
    if (ring.lost) {
        find_oldest();
    }
    if (ring.lost || !is_filled(ring.oldest)) {
        return NULL;
    }
    const uint32_t length = ring.descriptors[ring.oldest].state >> LENGTH_SHIFT & LENGTH_MASK;
    *bytes = length < DMA_BLOCK_BYTES ? length : DMA_BLOCK_BYTES;
    return ring.blocks[ring.oldest];
}

void dma_release(void)
{
    give(ring.oldest);
    ring.oldest = (ring.oldest + 1u) % DMA_BLOCKS;
}

bool dma_lapped(void)
{
    return is_filled(ring.oldest + DMA_BLOCKS - 1u);
}

void dma_catch_up(void)
{
    give_all();
    ring.lost = true;
}
