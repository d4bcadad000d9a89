/*
 * Facts of the Raspberry Pi Pico board: crystal, clocks, pins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_BOARD_H
#define PICO_BOARD_H

#define CRYSTAL_HZ 12000000u
#define SYSTEM_HZ  125000000u
#define USB_HZ     48000000u /* also the ADC's clock */

/* Raspberry Pi Pico datasheet, 2.1 "Raspberry Pi Pico pinout" and appendix B. */
enum { PIN_UART_TX = 0, PIN_UART_RX = 1, PIN_SMPS_PWM = 23, PIN_LED = 25, PIN_MICROPHONE = 26 };

#endif /* PICO_BOARD_H */
