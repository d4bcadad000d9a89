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
#include "watchdog.h"

const char board_name[] = "nano33ble";

/*
 * The microphone's clock and USB need the crystal. If it does not start, the serial console still works with the
 * oscillator inside the chip.
 */
static void clocks_init(void)
{
    *CLOCK_TASKS_HFCLKSTART = 1;
    (void)wait_for(CLOCK_HFCLKSTAT, CLOCK_HFCLKSTAT_CRYSTAL);
    *NVMC_ICACHECNF = NVMC_ICACHECNF_CACHEEN;
}

void board_indicate(bool on)
{
    pin_set(PIN_LED, on);
}

void board_start(uint32_t console_baud)
{
    clocks_init();
    pin_output(PIN_LED, false);
    uart_init(console_baud);
    pdm_init();
    system_init();
    watchdog_init();
    usb_init();
}
