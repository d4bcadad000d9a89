/*
 * The built-in USB Serial/JTAG controller as a console: no driver on the host, any bit rate. If no host reads bytes,
 * they are dropped after a while.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb.h"

#include "bare.h"
#include "clock.h"
#include "esp32s3.h"

enum { PATIENCE_US = 20000 }; /* a host asks every millisecond */

static bool host_is_gone; /* it has not read anything since the wait ended */

bool usb_waiting(void)
{
    return (USB_EP1_CONF & USB_EP1_CONF_OUT_WAITING) != 0;
}

size_t usb_read(uint8_t *bytes, size_t max)
{
    size_t count = 0;
    while (count < max && usb_waiting()) {
        bytes[count++] = (uint8_t)USB_EP1;
    }
    return count;
}

static bool wait_for_room(void)
{
    const uint32_t since = clock_micros();
    while ((USB_EP1_CONF & USB_EP1_CONF_IN_FREE) == 0) {
        if (host_is_gone || clock_micros() - since > PATIENCE_US) {
            host_is_gone = true;
            return false;
        }
    }
    host_is_gone = false;
    return true;
}

void usb_write(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!wait_for_room()) {
            return;
        }
        USB_EP1 = bytes[i];
    }
    USB_EP1_CONF = USB_EP1_CONF_WRITE_DONE;
}
