/*
 * Why the board started (bare.h), how fast its core is by the crystal, where its microphone rests, and how it reads its
 * flash where that is not certain.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "adc.h"
#include "bare.h"
#include "board.h"
#include "flash_read.h"
#include "rp2040.h"
#include "system.h"

enum { MEASURED_US = 1000 };

/* The watchdog's reason is kept through its resets alone; the chip's through all but power-on (4.7.6, 2.10.10). */
static const char *reason_of(uint32_t watchdog, uint32_t chip)
{
    if ((watchdog & WATCHDOG_REASON_TIMER) != 0 && WATCHDOG->scratch[SCRATCH_BEFORE] == SCRATCH_MARK_OWN) {
        return "watchdog";
    }
    if (watchdog != 0) {
        return "software";
    }
    return (chip & CHIP_RESET_HAD_RUN) != 0 ? "button" : (chip & CHIP_RESET_HAD_POWER_ON) != 0 ? "power-on" : "other";
}

/* The cycle counter runs with the PLL, the timer with the crystal. */
static uint32_t measured_khz(void)
{
    const uint32_t since_us = board_micros();
    const uint32_t since = board_cycles();

    while (board_micros() - since_us < MEASURED_US) {
    }
    return (board_cycles() - since) / (MEASURED_US / 1000u);
}

#if FLASH_READ == FLASH_READ_QUAD
/* By the number of lines, as boot2 has left it: a quad read may have ended as a dual one. RAM needs none. */
static const char *flash_read(void)
{
    static const char *const names[] = {"plain", "dual", "quad", "other"};
    const uint32_t ssi = *SSI_CTRLR0;
    const bool in_place = (ssi >> SSI_CTRLR0_TMOD_SHIFT & 3u) == SSI_CTRLR0_TMOD_EEPROM;

    return in_place ? names[ssi >> SSI_CTRLR0_SPI_FRF_SHIFT & 3u] : "none";
}
#endif

static struct ww_fact facts[] = {
    {"reset", NULL, 0},           {"reset_code", NULL, 0},
    {"clock_khz", NULL, 0},       {"clock_khz_expected", NULL, SYSTEM_HZ / 1000u},
    {"microphone_rest", NULL, 0},
#if FLASH_READ == FLASH_READ_QUAD
    {"flash_read", NULL, 0},
#endif
};

const struct ww_fact *board_facts(size_t *count)
{
    if (facts[0].text == NULL) {
        facts[1].number = WATCHDOG->reason | *CHIP_RESET;
        facts[0].text = reason_of(WATCHDOG->reason, *CHIP_RESET);
        facts[2].number = measured_khz();
#if FLASH_READ == FLASH_READ_QUAD
        facts[5].text = flash_read();
#endif
    }
    facts[4].number = microphone_rest();
    *count = sizeof facts / sizeof facts[0];
    return facts;
}
