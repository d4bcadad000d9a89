/*
 * The Nano 33 BLE's part of the USB descriptors (usb_cdc/usb_descriptors.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_USB_BOARD_H
#define NANO33BLE_USB_BOARD_H

#include <stdint.h>

#include "nrf52840.h"

/*
 * The pair that Arduino's core gives a program's serial port on this board (pins_arduino.h, boards.txt). With it
 * Arduino's tools find the board and operating systems know it. It is Arduino's, so a product needs another pair.
 */
#define USB_VENDOR  0x2341
#define USB_PRODUCT 0x805A

#define USB_BOARD_NAME        "Nano 33 BLE"
#define USB_MILLIAMPERES      100 /* what any port gives (USB 2.0, 7.2.1) */
#define USB_HAS_SERIAL_NUMBER 1

static inline uint64_t usb_serial_number(void)
{
    return (uint64_t)*FICR_DEVICEID(1) << 32 | *FICR_DEVICEID(0);
}

#endif /* NANO33BLE_USB_BOARD_H */
