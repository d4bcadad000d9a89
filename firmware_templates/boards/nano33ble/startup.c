/*
 * Vector table, reset handler and fault handler.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>

#include "bare.h"
#include "interrupts.h"
#include "nrf52840.h"
#include "pdm.h"
#include "stack.h"
#include "system.h"
#include "takeover.h"
#include "uart.h"
#include "usb.h"
#include "usb_power.h"

extern uint32_t data_start, data_end, bss_start, bss_end; /* link.ld */
extern const uint32_t data_load;

int main(void);

typedef void (*vector)(void);

struct vector_table {
    const uint32_t *initial_stack;
    vector exceptions[15];
    vector interrupts[IRQ_COUNT];
};

static const struct vector_table vectors;

void reset_handler(void);

static void set_core_up(void)
{
    *SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
    *SCB_CPACR |= CPACR_FPU_FULL_ACCESS;
    __asm volatile("dsb\n isb" : : : "memory");
}

void reset_handler(void)
{
    (void)interrupts_off();
    take_over();
    set_core_up();
    stack_paint();
    const volatile uint32_t *from = &data_load;
    for (volatile uint32_t *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    interrupts_restore(0);
    main();
    for (;;) {
    }
}

/* The LED stays on until the watchdog, no longer fed, resets the chip. */
static void fault_handler(void)
{
    (void)interrupts_off();
    board_indicate(true);
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const struct vector_table vectors = {
    .initial_stack = &stack_top,
    .exceptions = {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                   fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                   fault_handler, fault_handler, fault_handler},
    .interrupts = {[IRQ_POWER_CLOCK] = usb_power_handler,
                   [IRQ_POWER_CLOCK + 1 ... IRQ_UARTE0 - 1] = fault_handler,
                   [IRQ_UARTE0] = uart_handler,
                   [IRQ_UARTE0 + 1 ... IRQ_TIMER0 - 1] = fault_handler,
                   [IRQ_TIMER0] = system_timer_handler,
                   [IRQ_TIMER0 + 1 ... IRQ_PDM - 1] = fault_handler,
                   [IRQ_PDM] = pdm_handler,
                   [IRQ_PDM + 1 ... IRQ_USBD - 1] = fault_handler,
                   [IRQ_USBD] = usb_handler,
                   [IRQ_USBD + 1 ... IRQ_COUNT - 1] = fault_handler},
};
