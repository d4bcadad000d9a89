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

enum { DMA_BLOCKS = 64, DMA_BLOCK_BYTES = 128 };

void dma_init(void);

/* Gives the DMA the whole ring and starts, or stops and takes nothing more of what is in it. */
void dma_start(void);
void dma_stop(void);

/* The oldest block that is filled, and how many bytes are in it; NULL if there is none. */
const volatile uint32_t *dma_oldest(size_t *bytes);

/* Gives the oldest block back. */
void dma_release(void);

/* Whether the DMA has come round to the oldest block while that was ours: what was read of it is worth nothing. */
bool dma_lapped(void);

/* After that: drops what is filled and goes on with the next block that the DMA fills. */
void dma_catch_up(void);

#endif /* ESP32S3_DMA_H */
