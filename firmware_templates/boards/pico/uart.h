/*
 * UART0 on GP0 (TX) and GP1 (RX), 8N1: received by interrupt into a ring, sent by polling the FIFO.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_UART_H
#define PICO_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void uart_init(uint32_t baud);
bool uart_waiting(void);
size_t uart_read(uint8_t *bytes, size_t max);
void uart_write(const uint8_t *bytes, size_t count);

/* Waits for what is queued, then changes the rate; false if it cannot be made within 2 %. */
bool uart_set_baud(uint32_t baud);

void uart_handler(void);

#endif /* PICO_UART_H */
