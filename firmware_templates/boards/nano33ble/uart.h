/*
 * UARTE0 on the pins TX (P1.03) and RX (P1.10), 8N1: EasyDMA both ways.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_UART_H
#define NANO33BLE_UART_H

#include "bare.h"

void uart_init(uint32_t baud);
bool uart_waiting(void);

void uart_handler(void);

#endif /* NANO33BLE_UART_H */
