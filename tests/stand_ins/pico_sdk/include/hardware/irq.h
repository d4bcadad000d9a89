/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_irq. */
#pragma once
#include "pico/stdlib.h"
extern void (*stand_in_handler)(void);
static inline void irq_set_exclusive_handler(uint number, void (*handler)(void))
{
    (void)number;
    stand_in_handler = handler;
}
static inline void irq_set_enabled(uint number, bool on)
{
    (void)number, (void)on;
}
