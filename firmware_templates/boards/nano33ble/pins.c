/*
 * Pins. See pins.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pins.h"

#include "nrf52840.h"

static struct gpio_regs *port_of(uint32_t pin)
{
    return GPIO_PORT(pin >> 5);
}

static uint32_t bit_of(uint32_t pin)
{
    return 1u << (pin & 31u);
}

void pin_set(uint32_t pin, bool high)
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
