/*
 * The built-in USB Serial/JTAG controller as a console: no driver on the host, any bit rate.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_USB_H
#define ESP32S3_USB_H

#include <stddef.h>
#include <stdint.h>

size_t usb_read(uint8_t *bytes, size_t max);

/* Without a host that takes them, bytes are dropped after a while. */
void usb_write(const uint8_t *bytes, size_t count);

#endif /* ESP32S3_USB_H */
