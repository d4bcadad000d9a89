/*
 * A table for an emulator that has no ESP32-S3 peripherals: it does the work of these functions itself, and lets time
 * pass. On silicon nobody reads this; a person may read the note (`strings image.bin`).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bare.h"
#include "board.h"
#include "board_config.h"
#include "clock.h"
#include "dma.h"
#include "sleep.h"

extern const uint8_t rom_windows[], rom_windows_end[], rom_call_site[]; /* rom_call.S */

struct board_table {
    char magic[8];
    size_t (*console_read)(uint8_t *bytes, size_t max);
    void (*console_write)(const uint8_t *bytes, size_t count);
    void (*fault)(uint32_t cause, uint32_t pc, uint32_t address, const uint32_t *stack);
    volatile uint32_t *micros;
    size_t (*microphone_read)(int16_t *samples, size_t max);
    void (*microphone_enable)(bool on);
    void (*wait_for_interrupt)(uint32_t interrupts);
    uint32_t block_samples; /* of the microphone, between two interrupts */
    const uint8_t *rom_windows, *rom_windows_end, *rom_call_site;
    char note[sizeof BOARD_SILICON];
};

__attribute__((section(".board_table"), used)) static const struct board_table board_table = {
    .magic = {'W', 'W', 'B', 'O', 'A', 'R', 'D', '5'},
    .console_read = uart_read,
    .console_write = uart_write,
    .fault = board_fault,
    .micros = &clock_micros_total,
    .microphone_read = microphone_read,
    .microphone_enable = microphone_enable,
    .wait_for_interrupt = wait_for_interrupt,
    .block_samples = DMA_BLOCK_SAMPLES,
    .rom_windows = rom_windows,
    .rom_windows_end = rom_windows_end,
    .rom_call_site = rom_call_site,
    .note = BOARD_SILICON,
};
