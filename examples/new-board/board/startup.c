/*
 * Vector table, reset handler, and what happens on a fault.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "stack.h"
#include "stm32f405.h"

extern uint32_t data_start, data_end, bss_start, bss_end; /* link.ld */
extern const uint32_t data_load;

int main(void);
void reset_handler(void);

void reset_handler(void)
{
    SCB_CPACR |= CPACR_FPU;
    __asm volatile("dsb\n isb" : : : "memory");
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

/* The LED stays on until the watchdog, no longer fed, resets the chip. */
static void fault_handler(void)
{
    __asm volatile("cpsid i" : : : "memory");
    led(true);
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
    .interrupts = {[0 ... IRQ_USART3 - 1] = fault_handler,
                   [IRQ_USART3] = uart_handler,
                   [IRQ_USART3 + 1 ... IRQ_COUNT - 1] = fault_handler},
};
