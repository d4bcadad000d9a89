/*
 * How many samples the microphone's DMA takes before it wakes the core: those of a hop, from one inference to the next.
 * wwtool writes the model's (packages/bare_metal/audio_block.py). The drivers work with 240 to 960, multiples of 8.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_AUDIO_BLOCK_H
#define WW_AUDIO_BLOCK_H

#define AUDIO_BLOCK_SAMPLES 480

#endif /* WW_AUDIO_BLOCK_H */
