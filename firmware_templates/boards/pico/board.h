/*
 * Facts of the Raspberry Pi Pico board: crystal, clocks, pins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_BOARD_H
#define PICO_BOARD_H

#include <stdbool.h>

#define CRYSTAL_HZ 12000000u
#define SYSTEM_HZ 125000000u
#define USB_HZ 48000000u /* also the ADC's clock */

/* Raspberry Pi Pico datasheet, 2.1 "Raspberry Pi Pico pinout" and appendix B. */
enum { PIN_UART_TX = 0, PIN_UART_RX = 1, PIN_SMPS_PWM = 23, PIN_LED = 25, PIN_MICROPHONE = 26 };

/* Sets up the board's own pins: LED, and the regulator's mode (constant PWM: less ripple on the ADC reference). */
void board_init(void);

void board_led(bool on);

#endif /* PICO_BOARD_H */
