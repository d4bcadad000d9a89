/*
 * The board's pins, and the order in which its parts start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "adc.h"
#include "clocks.h"
#include "rp2040.h"
#include "system.h"
#include "uart.h"
#include "usb.h"

const char board_name[] = "pico";

/* The LED, and the regulator's mode: constant PWM makes less ripple on the ADC's reference. */
static void pins_init(void)
{
    const uint32_t outputs = 1u << PIN_LED | 1u << PIN_SMPS_PWM;

    subsystems_restart(RESET_IO_BANK0 | RESET_PADS_BANK0);
    *SIO_GPIO_OUT_CLR = 1u << PIN_LED;
    *SIO_GPIO_OUT_SET = 1u << PIN_SMPS_PWM;
    *SIO_GPIO_OE_SET = outputs;
    GPIO(PIN_LED)->ctrl = GPIO_FUNC_SIO;
    GPIO(PIN_SMPS_PWM)->ctrl = GPIO_FUNC_SIO;
}

void board_indicate(bool on)
{
    *(on ? SIO_GPIO_OUT_SET : SIO_GPIO_OUT_CLR) = 1u << PIN_LED;
}

void board_start(uint32_t console_baud)
{
    system_watch(); /* over all that follows */
    pins_init();
    clocks_init();
    uart_init(console_baud);
    usb_init();
    adc_init();
    system_init();
}
