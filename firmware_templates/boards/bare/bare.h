/*
 * The functions of a bare board with two consoles and a microphone; bare/main.c fills the port (core/ww_port.h) with
 * them. The comments there hold here as well. A board of another kind has its own main.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_BARE_H
#define WW_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ww_port.h"

extern const char board_name[];
extern const struct ww_bench board_bench;

/* Everything from clocks to watchdog, before the application runs. */
void board_start(uint32_t console_baud);

/* The first fact is why the board started. */
const struct ww_fact *board_facts(size_t *count);

void board_indicate(bool on);
uint32_t board_micros(void);
uint32_t board_cycles(void);
uint32_t board_stack_high_water(void);
void board_keep_alive(void);
void board_idle(void);

size_t uart_read(uint8_t *bytes, size_t max);
void uart_write(const uint8_t *bytes, size_t count);
bool uart_set_baud(uint32_t baud);

size_t usb_read(uint8_t *bytes, size_t max);
void usb_write(const uint8_t *bytes, size_t count);

size_t microphone_read(int16_t *samples, size_t max);
void microphone_enable(bool on);
uint32_t microphone_overruns(void);

#endif /* WW_BARE_H */
