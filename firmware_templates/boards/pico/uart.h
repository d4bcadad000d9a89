/*
 * UART0 on GP0 (TX) and GP1 (RX), 8N1: received by interrupt into a ring, sent by polling the FIFO.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_UART_H
#define PICO_UART_H

#include "bare.h"

void uart_init(uint32_t baud);
bool uart_waiting(void);

void uart_handler(void);

#endif /* PICO_UART_H */
