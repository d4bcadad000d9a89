/*
 * The power of the USB device. The device is attached to the bus while the bus has power.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_USB_POWER_H
#define NANO33BLE_USB_POWER_H

/*
 * Detaches the device if a boot loader has left it attached. To be called before the crystal starts: that takes more
 * than the 2.5 us after which a host sees the device gone (USB 2.0, 7.1.7.3). Uses no variables.
 */
void usb_detach(void);

/* Detaches the device after it was used. */
void usb_leave(void);

/* Attaches the device when the bus has power, now or later. Needs the crystal, and board_micros(). */
void usb_power_init(void);

void usb_power_handler(void);

/* usb_controller.c: an odd number of bytes by EasyDMA would spoil the first one after the next start (nrfx_usbd). */
void usb_even_dma(void);

#endif /* NANO33BLE_USB_POWER_H */
