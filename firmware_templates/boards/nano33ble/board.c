/*
 * The board's own pins, and what is started in which order. See board.h and bare.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include "bare.h"
#include "nrf52840.h"
#include "pdm.h"
#include "system.h"
#include "uart.h"
#include "usb.h"
#include "usb_power.h"

const char board_name[] = "nano33ble";

static struct gpio_regs *port_of(uint32_t pin)
{
    return GPIO_PORT(pin >> 5);
}

static uint32_t bit_of(uint32_t pin)
{
    return 1u << (pin & 31u);
}

static void pin_set(uint32_t pin, bool high)
{
    struct gpio_regs *port = port_of(pin);
    *(high ? &port->outset : &port->outclr) = bit_of(pin);
}

void pin_output(uint32_t pin, bool high)
{
    pin_set(pin, high);
    port_of(pin)->pin_cnf[pin & 31u] = PIN_CNF_OUTPUT;
}

void pin_input(uint32_t pin, bool pull_up)
{
    port_of(pin)->pin_cnf[pin & 31u] = pull_up ? PIN_CNF_INPUT | PIN_CNF_PULLUP : PIN_CNF_INPUT;
}

/* The crystal is for serial rates, the microphone's clock and USB. */
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
