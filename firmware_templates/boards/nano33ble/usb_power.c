/*
 * USB power. See usb_power.h.
 *
 * The order of steps is that of the product specification, 6.35.4. Errata have the numbers of Nordic's errata sheets
 * for the nRF52840. The workarounds write the values of Nordic's driver (nrfx_usbd, nrf52_erratas.h). All revisions get
 * them, as boards can have any. Erratum 166 is not here, as it concerns isochronous endpoints.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_power.h"

#include "bare.h"
#include "interrupts.h"
#include "nrf52840.h"
#include "usb_control.h"
#include "usb_regs.h"

#define READY_PATIENCE_US 10000u /* it takes some microseconds; without power it never ends */
#define POWERED           (POWER_USBREGSTATUS_VBUS | POWER_USBREGSTATUS_OUTPUT)

static struct {
    bool has_been_enabled;
    bool attached;
} state;

/* Each write of the key locks or unlocks. */
static void write_locked(volatile uint32_t *reg, uint32_t value)
{
    const uint32_t primask = interrupts_off();
    const bool locked = *USBD_ERRATA_LOCK == 0;

    if (locked) {
        *USBD_ERRATA_LOCK = USBD_ERRATA_LOCK_TURN;
    }
    *reg = value;
    if (locked) {
        *USBD_ERRATA_LOCK = USBD_ERRATA_LOCK_TURN;
    }
    interrupts_restore(primask);
}

/*
 * Errata 171 (the device might not power up) and 187 (it cannot be enabled). What is written for 187 holds until the device
 * is disabled (erratum 211: it might not send). False if it does not get ready.
 */
static bool enable(void)
{
    const uint32_t since = board_micros();
    bool ready = false;

    write_locked(USBD_ERRATUM_187, USBD_ERRATUM_187_POWER_UP);
    write_locked(USBD_ERRATUM_171, USBD_ERRATUM_171_POWER_UP);
    USBD->eventcause = USBD_EVENTCAUSE_READY; /* written 1 to clear */
    USBD->enable = 1;
    while (!ready && board_micros() - since < READY_PATIENCE_US) {
        ready = (USBD->eventcause & USBD_EVENTCAUSE_READY) != 0;
    }
    USBD->eventcause = USBD_EVENTCAUSE_READY;
    event_clear(&USBD->events_usbevent);
    write_locked(USBD_ERRATUM_171, 0);
    return ready;
}

static void attach(void)
{
    if (!state.has_been_enabled) {
        state.has_been_enabled = true;
        (void)enable(); /* erratum 223 (unexpected behaviour after reset): the first time does not count */
        USBD->enable = 0;
    }
    if (!enable()) {
        usb_detach();
        return;
    }
    state.attached = true;
    USBD->intenset = USBD_INT_USBRESET | USBD_INT_EP0DATADONE | USBD_INT_USBEVENT | USBD_INT_EP0SETUP | USBD_INT_EPDATA;
    USBD->usbpullup = 1; /* now the host sees a device */
}

void usb_detach(void)
{
    USBD->intenclr = 0xFFFFFFFFu;
    USBD->usbpullup = 0;
    USBD->lowpower = 0;
    USBD->enable = 0;
    write_locked(USBD_ERRATUM_187, 0);
}

void usb_leave(void)
{
    if (state.attached) {
        state.attached = false;
        USBD->intenclr = 0xFFFFFFFFu;
        USBD->usbpullup = 0;
        USBD->lowpower = 0;
        usb_even_dma();
    }
    usb_detach();
}

/* Nor without the crystal, whose clock USB needs. */
static void attach_if_powered(void)
{
    const bool has_clock = (*CLOCK_HFCLKSTAT & CLOCK_HFCLKSTAT_CRYSTAL) == CLOCK_HFCLKSTAT_CRYSTAL;

    if (!state.attached && has_clock && (*POWER_USBREGSTATUS & POWERED) == POWERED) {
        attach();
    }
}

void usb_power_init(void)
{
    *POWER_INTENCLR = 0xFFFFFFFFu;
    *POWER_EVENTS_USBPWRRDY = 0;
    *POWER_EVENTS_USBREMOVED = 0;
    *POWER_INTENSET = POWER_INT_USBPWRRDY | POWER_INT_USBREMOVED;
    attach_if_powered(); /* events report only changes */
    irq_enable(IRQ_POWER_CLOCK);
}

void usb_power_handler(void)
{
    const bool removed = *POWER_EVENTS_USBREMOVED != 0; /* even if the power is back already */

    event_clear(POWER_EVENTS_USBPWRRDY);
    event_clear(POWER_EVENTS_USBREMOVED);
    if (removed && state.attached) {
        usb_control_bus_reset();
        usb_leave();
    }
    attach_if_powered();
}
