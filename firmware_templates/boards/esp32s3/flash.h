/*
 * The flash, read through the data cache, for weights that are too large for the SRAM.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_FLASH_H
#define ESP32S3_FLASH_H

#include <stdint.h>

/* Makes the flash readable at the addresses for which link.ld has linked it. Does nothing if nothing is there. */
void flash_map(void);

/* The ROM's functions for the data cache (rom_call.S). Disabling it forgets what it holds. */
void rom_cache_enable(uint32_t preload);
void rom_cache_disable(void);
void rom_cache_mode(uint32_t bytes, uint32_t ways, uint32_t line_bytes);

#endif /* ESP32S3_FLASH_H */
