/*
 * USB console: the controller and its interrupt. See usb.h; data pipes are in usb_data.c, requests in usb_control.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb.h"

#include "clocks.h"
#include "rp2040.h"
#include "usb_control.h"
#include "usb_data.h"
#include "usb_descriptors.h"
#include "usb_regs.h"

void usb_handler(void)
{
    const uint32_t causes = USB->ints;

    if ((causes & USB_INT_BUS_RESET) != 0) {
        USB->sie_status = USB_SIE_STATUS_BUS_RESET;
        usb_control_bus_reset();
        usb_data_stop();
    }
    if ((causes & USB_INT_BUFF_STATUS) != 0) {
        const uint32_t finished = USB->buff_status;
        USB->buff_status = finished;
        usb_control_buffers((finished & 1u) != 0, (finished & 2u) != 0);
        if ((finished & 1u << (2 * USB_EP_DATA)) != 0) {
            usb_data_in_done();
        }
        if ((finished & 2u << (2 * USB_EP_DATA)) != 0) {
            usb_data_out_done();
        }
    }
    if ((causes & USB_INT_SETUP) != 0) {
        USB->sie_status = USB_SIE_STATUS_SETUP;
        usb_control_setup();
    }
}

void usb_init(void)
{
    volatile uint32_t *word = USB_DPRAM->setup;

    usb_data_init();
    subsystems_restart(RESET_USBCTRL);
    for (size_t i = 0; i < sizeof(struct usb_dpram) / sizeof *word; i++) {
        word[i] = 0;
    }
    USB->usb_muxing = USB_MUXING_TO_PHY | USB_MUXING_SOFTCON;
    USB->usb_pwr = USB_PWR_VBUS_DETECT | USB_PWR_VBUS_OVERRIDE; /* VBUS is not wired to a pin: take it as present */
    USB->main_ctrl = USB_MAIN_CTRL_ENABLE;
    USB->sie_ctrl = USB_SIE_CTRL_EP0_INT_PER_BUFFER;
    USB->inte = USB_INT_BUFF_STATUS | USB_INT_BUS_RESET | USB_INT_SETUP;
    irq_enable(IRQ_USBCTRL);
    reg_set(&USB->sie_ctrl, USB_SIE_CTRL_PULLUP); /* now the host sees a device */
}

bool usb_waiting(void)
{
    return usb_data_waiting();
}

size_t usb_read(uint8_t *bytes, size_t max)
{
    return usb_data_read(bytes, max);
}

void usb_write(const uint8_t *bytes, size_t count)
{
    usb_data_write(bytes, count);
}

bool usb_bootsel_wanted(void)
{
    return usb_control_bootsel_wanted();
}
