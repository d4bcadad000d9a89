/*
 * The flash behind the data cache. See flash.h.
 *
 * The order is that of ESP-IDF's second boot loader, which starts in the same state of the chip as this program:
 * cache_hal_init, bootloader_init_flash_configure (quad flash) and set_cache_and_start_app; the cache's mode is one of
 * those that ESP-IDF's applications set. What the ROM leaves of cache and table is in no manual, so nothing is taken from
 * there but the flash's read mode and clock, which are the image header's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "flash.h"

#include <stdbool.h>

#include "esp32s3.h"

extern const uint8_t flash_begin[],
    flash_end[]; /* link.ld: the same as the image's offset in flash, behind FLASH_DATA */

/* The least cache, and the longest line: weights are read in order. The profile's flash_cache says the same. */
enum { CACHE_BYTES = 0x8000, CACHE_WAYS = 8, CACHE_LINE_BYTES = 64 };

static void set_timing(void)
{
    SPI0_CTRL |= SPI0_CTRL_DUMMY_HIGH;
    SPI0_CTRL2 &= ~SPI0_CTRL2_CS_TIMES;
    SPI0_USER |= SPI0_USER_CS_HOLD | SPI0_USER_CS_SETUP;
}

void flash_map(void)
{
    const uint32_t begin = (uint32_t)(uintptr_t)flash_begin - FLASH_DATA;
    const uint32_t end = (uint32_t)(uintptr_t)flash_end - FLASH_DATA;

    if (end <= begin) {
        return;
    }
    set_timing();
    rom_cache_enable(0);
    rom_cache_disable();
    for (uint32_t page = 0; page < MMU_PAGES; page++) {
        const bool is_used = page >= begin / MMU_PAGE_BYTES && page <= (end - 1u) / MMU_PAGE_BYTES;
        MMU_ENTRY(page) = is_used ? page : MMU_ENTRY_INVALID;
    }
    rom_cache_mode(CACHE_BYTES, CACHE_WAYS, CACHE_LINE_BYTES);
    CACHE_DATA_CTRL1 &= ~CACHE_DATA_CTRL1_CORE0_SHUT;
    rom_cache_enable(0);
}
