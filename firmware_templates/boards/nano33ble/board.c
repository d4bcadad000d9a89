/*
 * The order in which the parts start, and the LED. See board.h and bare.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "bare.h"
#include "nrf52840.h"
#include "pdm.h"
#include "pins.h"
#include "system.h"
#include "uart.h"
#include "usb.h"
#include "usb_power.h"

const char board_name[] = "nano33ble";

/* Serial rates, the microphone's clock and USB need the crystal. */
static void clocks_init(void)
{
    *CLOCK_EVENTS_HFCLKSTARTED = 0;
    *CLOCK_TASKS_HFCLKSTART = 1;
    while (*CLOCK_EVENTS_HFCLKSTARTED == 0) {
    }
    *NVMC_ICACHECNF = NVMC_ICACHECNF_CACHEEN;
}

void board_indicate(bool on)
{
    pin_set(PIN_LED, on);
}

void board_start(uint32_t console_baud)
{
    usb_detach();
    clocks_init();
    pin_output(PIN_LED, false);
    uart_init(console_baud);
    pdm_init();
    system_init();
    usb_init();
}
