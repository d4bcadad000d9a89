/*
 * UARTE0 on the pins TX (P1.03) and RX (P1.10), 8N1: EasyDMA both ways.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_UART_H
#define NANO33BLE_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void uart_init(uint32_t baud);
bool uart_waiting(void);
size_t uart_read(uint8_t *bytes, size_t max);
void uart_write(const uint8_t *bytes, size_t count);

/* Waits for what is queued, then changes the rate; false if the chip has no setting for it. */
bool uart_set_baud(uint32_t baud);

void uart_handler(void);

#endif /* NANO33BLE_UART_H */
