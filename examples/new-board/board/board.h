/*
 * What the files of this board share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FEATHER_BOARD_H
#define FEATHER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_HZ 168000000u
#define APB1_HZ (CORE_HZ / 4u)

/* system.c: clocks, LED, time, watchdog, sleep. */
void system_init(void);
void led(bool on);
uint32_t cycles(void);
uint32_t micros(void);
void watchdog_feed(void);
void sleep_until_interrupt(void);
void systick_handler(void);

/* uart.c: USART3 on PB10 (TX) and PB11 (RX), received by interrupt into a ring. */
void uart_init(uint32_t baud);
bool uart_waiting(void);
size_t uart_read(uint8_t *bytes, size_t max);
void uart_write(const uint8_t *bytes, size_t count);
bool uart_set_baud(uint32_t baud);
void uart_handler(void);

#endif /* FEATHER_BOARD_H */
