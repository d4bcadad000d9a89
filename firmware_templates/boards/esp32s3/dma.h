/*
 * The DMA's receive channel 0, from I2S0 into a ring of blocks that are read by polling.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_DMA_H
#define ESP32S3_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio_block.h"
#include "board_config.h"

/* A block ends the core's wait. It lasts for a hop, and the ring for 120 ms more: longer than any inference that keeps up. */
enum {
    DMA_LATE_SAMPLES = 1920,
    DMA_BLOCK_SAMPLES = AUDIO_BLOCK_SAMPLES,
    DMA_BLOCKS = 1 + (DMA_LATE_SAMPLES + DMA_BLOCK_SAMPLES - 1) / DMA_BLOCK_SAMPLES,
    DMA_SAMPLE_BYTES = BOARD_MICROPHONE_IS_PDM ? 2 : 4,
    DMA_BLOCK_BYTES = DMA_BLOCK_SAMPLES * DMA_SAMPLE_BYTES,
};

void dma_init(void);

/* Gives the DMA the whole ring and starts it, or stops it and drops what is in the ring. */
void dma_start(void);
void dma_stop(void);

/* The oldest full block, and the number of bytes in it; NULL if there is none. */
const volatile uint32_t *dma_oldest(size_t *bytes);

/* Gives the oldest block back. */
void dma_release(void);

/* Whether the DMA has reached the oldest block while it was being read, so that the bytes read are wrong. */
bool dma_lapped(void);

/* After that: drops all full blocks and goes on with the next block that the DMA fills. */
void dma_catch_up(void);

#endif /* ESP32S3_DMA_H */
