/*
 * The USB controller of the RP2040 in device mode (RP2040 datasheet 4.1.3 and 4.1.4).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_USB_REGS_H
#define PICO_USB_REGS_H

#include <stdint.h>

#include "rp2040.h"
#include "usb_controller.h"

enum { USB_ENDPOINTS = 16 };

/* Dual-port memory (4.1.2.5): control words, then packet buffers. */
struct usb_endpoint_words {
    volatile uint32_t in;
    volatile uint32_t out;
};
struct usb_dpram {
    volatile uint32_t setup[2];
    struct usb_endpoint_words control[USB_ENDPOINTS - 1]; /* endpoint n at n - 1; endpoint 0 has none */
    struct usb_endpoint_words buffer_control[USB_ENDPOINTS];
    volatile uint8_t ep0_buffer[USB_PACKET_BYTES];
    volatile uint8_t ep0_unused_second_buffer[USB_PACKET_BYTES];
    volatile uint8_t packets[4096 - 0x180];
};
_Static_assert(sizeof(struct usb_dpram) == 4096, "as large as the memory");
#define USB_DPRAM                REG_AT(struct usb_dpram, 0x50100000u)
#define USB_DPRAM_PACKETS_OFFSET 0x180u

#define EP_CONTROL_ENABLE               (1u << 31)
#define EP_CONTROL_INTERRUPT_PER_BUFFER (1u << 29)
#define EP_CONTROL_TYPE_BULK            (2u << 26)
#define EP_CONTROL_TYPE_INTERRUPT       (3u << 26)

#define BUFFER_FULL        (1u << 15)
#define BUFFER_DATA1_SHIFT 13
#define BUFFER_STALL       (1u << 11)
#define BUFFER_AVAILABLE   (1u << 10)
#define BUFFER_LENGTH_MASK 0x3FFu

struct usb_regs {
    volatile uint32_t addr_endp[USB_ENDPOINTS];
    volatile uint32_t main_ctrl;
    volatile uint32_t sof_wr;
    volatile uint32_t sof_rd;
    volatile uint32_t sie_ctrl;
    volatile uint32_t sie_status;
    volatile uint32_t int_ep_ctrl;
    volatile uint32_t buff_status; /* bit 2n: endpoint n IN, bit 2n + 1: OUT */
    volatile uint32_t buff_cpu_should_handle;
    volatile uint32_t ep_abort;
    volatile uint32_t ep_abort_done;
    volatile uint32_t ep_stall_arm;
    volatile uint32_t nak_poll;
    volatile uint32_t ep_status_stall_nak;
    volatile uint32_t usb_muxing;
    volatile uint32_t usb_pwr;
    volatile uint32_t phy_direct;
    volatile uint32_t phy_direct_override;
    volatile uint32_t phy_trim;
    uint32_t reserved_88;
    volatile uint32_t intr;
    volatile uint32_t inte;
    volatile uint32_t intf;
    volatile uint32_t ints;
};
#define USB REG_AT(struct usb_regs, 0x50110000u)

#define USB_MAIN_CTRL_ENABLE            (1u << 0)
#define USB_SIE_CTRL_EP0_INT_PER_BUFFER (1u << 29)
#define USB_SIE_CTRL_PULLUP             (1u << 16)
#define USB_SIE_STATUS_BUS_RESET        (1u << 19)
#define USB_SIE_STATUS_SETUP            (1u << 17)
#define USB_SIE_STATUS_CONNECTED        (1u << 16)
#define USB_SIE_STATUS_LINE_STATE       (3u << 2)
#define USB_LINE_STATE_SE0              0u
#define USB_ABORT_EP0                   (1u << 0 | 1u << 1) /* IN and OUT */
#define USB_STALL_ARM_EP0_IN            (1u << 0)
#define USB_STALL_ARM_EP0_OUT           (1u << 1)
#define USB_MUXING_TO_PHY               (1u << 0)
#define USB_MUXING_TO_DIGITAL_PAD       (1u << 2)
#define USB_PHY_DP_PULLUP               (1u << 1)
#define USB_PHY_OVERRIDE_DP_PULLUP      (1u << 2)
#define USB_MUXING_SOFTCON              (1u << 3)
#define USB_PWR_VBUS_DETECT             (1u << 2)
#define USB_PWR_VBUS_OVERRIDE           (1u << 3)
#define USB_INT_SOF                     (1u << 17) /* a read of sof_rd clears it */
#define USB_INT_SETUP                   (1u << 16)
#define USB_INT_BUS_RESET               (1u << 12)
#define USB_INT_BUFF_STATUS             (1u << 4)

#endif /* PICO_USB_REGS_H */
