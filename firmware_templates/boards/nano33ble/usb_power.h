/*
 * The USB device's power: it is attached to the bus while there is one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_USB_POWER_H
#define NANO33BLE_USB_POWER_H

/*
 * Leaves the bus if the boot loader has left the device there. To be called before the crystal is started, which takes
 * longer than the 2.5 us in which a host sees it (USB 2.0, 7.1.7.3).
 */
void usb_detach(void);

/* Attaches the device when the bus has power, now or later. Needs the crystal, and board_micros(). */
void usb_power_init(void);

void usb_power_handler(void);

#endif /* NANO33BLE_USB_POWER_H */
