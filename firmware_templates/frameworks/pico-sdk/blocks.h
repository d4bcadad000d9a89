/*
 * Words from a peripheral's FIFO, brought by DMA without a gap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* Starts two DMA channels that take turns; `request` is the peripheral's DREQ. */
void blocks_start(const volatile void *fifo, unsigned request);

/* Takes words that have come, at most max; returns how many. Words that nobody takes in time are lost. */
size_t blocks_read(uint32_t *words, size_t max);

#endif /* BLOCKS_H */
