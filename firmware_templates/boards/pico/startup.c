/*
 * Vector table, reset handler and fault handler.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>

#include "adc.h"
#include "bare.h"
#include "interrupts.h"
#include "rp2040.h"
#include "stack.h"
#include "system.h"
#include "uart.h"
#include "usb.h"
#include "usb_enumeration.h"

extern uint32_t data_start, data_end, bss_start, bss_end; /* link.ld */
extern const uint32_t data_load;

int main(void);

void reset_handler(void);

void reset_handler(void)
{
    /* A program that a debugger has stopped may have left a DMA running, into what is prepared here. */
    reg_set(&RESETS->reset, RESET_ALL_AT_START);
    stack_paint();
    const volatile uint32_t *from = &data_load;
    for (volatile uint32_t *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    main();
    for (;;) {
    }
}

/* Any fault on a Cortex-M0+ is a HardFault. The LED stays on until the watchdog, no longer fed, resets the chip. */
static void fault_handler(void)
{
    (void)interrupts_off();
    board_indicate(true);
    for (;;) {
    }
}

typedef void (*vector)(void);

struct vector_table {
    const uint32_t *initial_stack;
    vector exceptions[15];
    vector interrupts[IRQ_COUNT];
};

__attribute__((section(".vectors"), used)) static const struct vector_table vectors = {
    .initial_stack = &stack_top,
    .exceptions = {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                   fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
                   fault_handler, fault_handler, systick_handler},
    .interrupts = {[IRQ_TIMER_0] = usb_enumeration_handler,
                   [IRQ_TIMER_0 + 1 ... IRQ_USBCTRL - 1] = fault_handler,
                   [IRQ_USBCTRL] = usb_handler,
                   [IRQ_USBCTRL + 1 ... IRQ_DMA_0 - 1] = fault_handler,
                   [IRQ_DMA_0] = adc_dma_handler,
                   [IRQ_DMA_0 + 1 ... IRQ_UART0 - 1] = fault_handler,
                   [IRQ_UART0] = uart_handler,
                   [IRQ_UART0 + 1 ... IRQ_COUNT - 1] = fault_handler},
};
