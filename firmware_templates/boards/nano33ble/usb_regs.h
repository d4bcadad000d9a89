/*
 * The USB device of the nRF52840 (product specification v1.7, 6.35.13).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_USB_REGS_H
#define NANO33BLE_USB_REGS_H

#include "nrf52840.h"

enum { USBD_ENDPOINTS = 8 };

struct usbd_dma {
    volatile uint32_t ptr;
    volatile uint32_t maxcnt;
    volatile uint32_t amount;
    uint32_t reserved[2];
};
struct usbd_regs {
    uint32_t reserved0;
    volatile uint32_t tasks_startepin[USBD_ENDPOINTS];
    volatile uint32_t tasks_startisoin;
    volatile uint32_t tasks_startepout[USBD_ENDPOINTS];
    volatile uint32_t tasks_startisoout;
    volatile uint32_t tasks_ep0rcvout;
    volatile uint32_t tasks_ep0status;
    volatile uint32_t tasks_ep0stall;
    uint32_t reserved1[(0x100 - 0x058) / 4];
    volatile uint32_t events_usbreset;
    volatile uint32_t events_started;
    volatile uint32_t events_endepin[USBD_ENDPOINTS];
    volatile uint32_t events_ep0datadone;
    volatile uint32_t events_endisoin;
    volatile uint32_t events_endepout[USBD_ENDPOINTS];
    volatile uint32_t events_endisoout;
    volatile uint32_t events_sof;
    volatile uint32_t events_usbevent;
    volatile uint32_t events_ep0setup;
    volatile uint32_t events_epdata;
    uint32_t reserved2[(0x304 - 0x164) / 4];
    volatile uint32_t intenset;
    volatile uint32_t intenclr;
    uint32_t reserved3[(0x400 - 0x30C) / 4];
    volatile uint32_t eventcause;
    uint32_t reserved4[(0x46C - 0x404) / 4];
    volatile uint32_t epdatastatus; /* bit n: endpoint n IN, bit 16 + n: OUT */
    uint32_t reserved5[(0x480 - 0x470) / 4];
    volatile uint32_t setup[8]; /* BMREQUESTTYPE to WLENGTHH, a byte each */
    volatile uint32_t size_epout[USBD_ENDPOINTS];
    uint32_t reserved6[(0x500 - 0x4C0) / 4];
    volatile uint32_t enable;
    volatile uint32_t usbpullup;
    uint32_t reserved7;
    volatile uint32_t dtoggle;
    volatile uint32_t epinen;
    volatile uint32_t epouten;
    volatile uint32_t epstall;
    uint32_t reserved8[(0x52C - 0x51C) / 4];
    volatile uint32_t lowpower;
    uint32_t reserved9[(0x600 - 0x530) / 4];
    struct usbd_dma epin[USBD_ENDPOINTS];
    uint32_t reserved10[(0x700 - 0x6A0) / 4];
    struct usbd_dma epout[USBD_ENDPOINTS];
};
#define USBD                     REG_AT(struct usbd_regs, 0x40027000u)
#define USBD_INT_USBRESET        (1u << 0)
#define USBD_INT_EP0DATADONE     (1u << 10)
#define USBD_INT_USBEVENT        (1u << 22)
#define USBD_INT_EP0SETUP        (1u << 23)
#define USBD_INT_EPDATA          (1u << 24)
#define USBD_EVENTCAUSE_SUSPEND  (1u << 8)
#define USBD_EVENTCAUSE_RESUME   (1u << 9)
#define USBD_EPDATASTATUS_ALL    0x00FE00FEu /* endpoints 1 to 7, IN and OUT */
#define USBD_EVENTCAUSE_READY    (1u << 11)
#define USBD_EPDATASTATUS_IN(n)  (1u << (n))
#define USBD_EPDATASTATUS_OUT(n) (1u << (16 + (n)))
#define USBD_EPSTALL_STALL       (1u << 8)
#define USBD_DTOGGLE_SELECT      (0u << 8)
#define USBD_DTOGGLE_DATA0       (1u << 8)

/* Not in the product specification: what the workarounds for errata write. */
#define USBD_ERRATUM_199          REG(0x40027C1Cu)
#define USBD_ERRATUM_199_DMA      0x82u
#define USBD_ERRATA_LOCK          REG(0x4006EC00u)
#define USBD_ERRATA_LOCK_TURN     0x9375u
#define USBD_ERRATUM_171          REG(0x4006EC14u)
#define USBD_ERRATUM_171_POWER_UP 0xC0u
#define USBD_ERRATUM_187          REG(0x4006ED14u)
#define USBD_ERRATUM_187_POWER_UP 0x3u

_Static_assert(offsetof(struct usbd_regs, events_epdata) == 0x160, "6.35.13");
_Static_assert(offsetof(struct usbd_regs, eventcause) == 0x400, "6.35.13");
_Static_assert(offsetof(struct usbd_regs, size_epout) == 0x4A0, "6.35.13");
_Static_assert(offsetof(struct usbd_regs, lowpower) == 0x52C, "6.35.13");
_Static_assert(offsetof(struct usbd_regs, epout) == 0x700, "6.35.13");

#endif /* NANO33BLE_USB_REGS_H */
