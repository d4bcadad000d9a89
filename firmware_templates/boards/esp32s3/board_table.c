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
#include "regulator.h"
#include "sleep.h"

struct board_table {
    char magic[8];
    size_t (*console_read)(uint8_t *bytes, size_t max);
    void (*console_write)(const uint8_t *bytes, size_t count);
    void (*fault)(uint32_t cause, uint32_t pc, uint32_t address, const uint32_t *stack);
    volatile uint32_t *micros;
    size_t (*microphone_read)(int16_t *samples, size_t max);
    void (*microphone_enable)(bool on);
    void (*rom_i2c_write)(uint32_t block, uint32_t host, uint32_t number, uint32_t high, uint32_t low, uint32_t value);
    void (*wait_for_interrupt)(uint32_t interrupts);
    uint32_t block_samples; /* of the microphone, between two interrupts */
    char note[sizeof BOARD_SILICON];
};

__attribute__((section(".board_table"), used)) static const struct board_table board_table = {
    .magic = {'W', 'W', 'B', 'O', 'A', 'R', 'D', '4'},
    .console_read = uart_read,
    .console_write = uart_write,
    .fault = board_fault,
    .micros = &clock_micros_total,
    .microphone_read = microphone_read,
    .microphone_enable = microphone_enable,
    .rom_i2c_write = CORE_MHZ > 80 ? rom_i2c_write : NULL,
    .wait_for_interrupt = wait_for_interrupt,
    .block_samples = DMA_BLOCK_SAMPLES,
    .note = BOARD_SILICON,
};
