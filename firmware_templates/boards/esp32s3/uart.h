/*
 * UART0 on GPIO43 (TX) and GPIO44 (RX), 8N1, by polling its FIFOs of 128 bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_UART_H
#define ESP32S3_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void uart_init(uint32_t baud);
size_t uart_read(uint8_t *bytes, size_t max);
void uart_write(const uint8_t *bytes, size_t count);

/* Waits for what is queued, then changes the rate; false if it cannot be made, or the FIFO is too short for it. */
bool uart_set_baud(uint32_t baud);

#endif /* ESP32S3_UART_H */
