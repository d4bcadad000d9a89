/*
 * Facts of the Arduino Nano 33 BLE (Sense) board: clocks and pins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_BOARD_H
#define NANO33BLE_BOARD_H

#include <stdint.h>

#define CORE_HZ 64000000u

/* A pin in the form of PSEL registers: port and number (nRF52840 product specification 6.34.9, PSEL.TXD). */
#define PIN(port, number) ((uint32_t)(port) << 5 | (uint32_t)(number))

/* Arduino Nano 33 BLE Sense schematic and the board's Arduino core, variants/ARDUINO_NANO33BLE. */
#define PIN_UART_TX   PIN(1, 3)  /* the pin marked TX */
#define PIN_UART_RX   PIN(1, 10) /* the pin marked RX */
#define PIN_LED       PIN(0, 13) /* lights when high; the three of the RGB LED light when low */
#define PIN_PDM_POWER PIN(0, 17)
#define PIN_PDM_DIN   PIN(0, 25)
#define PIN_PDM_CLK   PIN(0, 26)

#endif /* NANO33BLE_BOARD_H */
