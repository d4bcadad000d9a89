/*
 * The built-in USB console. bare.h has its other functions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_USB_H
#define ESP32S3_USB_H

#include <stdbool.h>

/* Whether the host has sent bytes that nobody has read. */
bool usb_waiting(void);

#endif /* ESP32S3_USB_H */
