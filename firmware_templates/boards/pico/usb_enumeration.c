/*
 * The work-around for erratum RP2040-E5, in the steps of the datasheet. See usb_enumeration.h.
 *
 * The controller's D+ can be taken from pin 15 instead of the bus. An input that is held high there is an idle bus. The
 * pin drives nothing meanwhile. Steps follow each other by a timer's alarm, so that nothing waits in an interrupt.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_enumeration.h"

#include "rp2040.h"
#include "usb_regs.h"

enum {
    PIN_DP = 15,
    STEP_US = 1000,
    MOST_STEPS = 100, /* a reset of the bus takes 50 ms at most (USB 2.0, 7.1.7.5) */
};

static struct {
    uint32_t steps_left;
    uint32_t pin_ctrl; /* to give the pin back as it was */
    uint32_t pad;
    bool idle_is_forced;
} state;

bool usb_chip_is_old(void)
{
    return *SYSINFO_CHIP_ID >> SYSINFO_REVISION_SHIFT < SYSINFO_REVISION_B2;
}

static void next_step(void)
{
    *TIMER_ALARM0 = *TIMER_TIMERAWL + STEP_US;
}

static void force_idle(void)
{
    state.pin_ctrl = GPIO(PIN_DP)->ctrl;
    state.pad = *PAD(PIN_DP);
    *PAD(PIN_DP) = PAD_IE | PAD_PUE | PAD_PDE; /* keeps its level */
    GPIO(PIN_DP)->ctrl = GPIO_FUNC_USB_DP | GPIO_OEOVER_DISABLE | GPIO_INOVER_HIGH;
    USB->phy_direct = USB_PHY_DP_PULLUP; /* the host still sees the device */
    USB->phy_direct_override = USB_PHY_OVERRIDE_DP_PULLUP;
    USB->usb_muxing = USB_MUXING_TO_DIGITAL_PAD | USB_MUXING_SOFTCON;
    state.idle_is_forced = true;
}

static void give_back(void)
{
    USB->usb_muxing = USB_MUXING_TO_PHY | USB_MUXING_SOFTCON;
    USB->phy_direct_override = 0;
    GPIO(PIN_DP)->ctrl = state.pin_ctrl;
    *PAD(PIN_DP) = state.pad;
    state.idle_is_forced = false;
}

void usb_enumeration_help(void)
{
    if (!usb_chip_is_old()) {
        return;
    }
    if (state.idle_is_forced) { /* another reset, in the middle of it */
        give_back();
    }
    state.steps_left = MOST_STEPS;
    *TIMER_INTE = TIMER_INT_ALARM0;
    irq_enable(IRQ_TIMER_0);
    next_step();
}

void usb_enumeration_handler(void)
{
    const uint32_t status = USB->sie_status;

    *TIMER_INTR = TIMER_INT_ALARM0; /* written 1 to clear */
    state.steps_left--;
    if (state.idle_is_forced && ((status & USB_SIE_STATUS_CONNECTED) != 0 || state.steps_left == 0)) {
        give_back();
        return;
    }
    if (!state.idle_is_forced && (status & USB_SIE_STATUS_LINE_STATE) != USB_LINE_STATE_SE0) {
        force_idle();
    }
    if (state.steps_left > 0) {
        next_step();
    }
}
