/*
 * The board's own pins. See board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "clocks.h"
#include "rp2040.h"

void board_init(void)
{
    const uint32_t outputs = 1u << PIN_LED | 1u << PIN_SMPS_PWM;

    subsystems_restart(RESET_IO_BANK0 | RESET_PADS_BANK0);
    *SIO_GPIO_OUT_CLR = 1u << PIN_LED;
    *SIO_GPIO_OUT_SET = 1u << PIN_SMPS_PWM;
    *SIO_GPIO_OE_SET = outputs;
    GPIO(PIN_LED)->ctrl = GPIO_FUNC_SIO;
    GPIO(PIN_SMPS_PWM)->ctrl = GPIO_FUNC_SIO;
}

void board_led(bool on)
{
    *(on ? SIO_GPIO_OUT_SET : SIO_GPIO_OUT_CLR) = 1u << PIN_LED;
}
