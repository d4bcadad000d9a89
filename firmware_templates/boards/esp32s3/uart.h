/*
 * UART0 on GPIO43 (TX) and GPIO44 (RX), 8N1, by polling its FIFOs of 128 bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_UART_H
#define ESP32S3_UART_H

#include "bare.h"

/* As in bare.h, for the rates that the divider can make and the FIFO is long enough for. */
void uart_init(uint32_t baud);

/* Whether bytes have arrived that nobody has read. */
bool uart_waiting(void);

/* Returns when all bytes have left, or after a time in which they would have. */
void uart_drain(void);

#endif /* ESP32S3_UART_H */
