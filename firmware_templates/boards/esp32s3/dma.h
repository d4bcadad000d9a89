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
