/*
 * Time and sleep. See system.h and bare.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "system.h"

#include "bare.h"
#include "board.h"
#include "interrupts.h"
#include "nrf52840.h"
#include "pdm.h"
#include "uart.h"
#include "usb.h"
#include "watchdog.h"

enum {
    MICROS_PRESCALER = 4,    /* 16 MHz / 2^4: 1 MHz */
    WAKE_PERIOD_US = 100000, /* wakes the main loop from time to time */
    CC_WAKE = 0,
    CC_NOW = 1,
};

static struct {
    bool has_cycle_counter;
} state;

static void start_micros(void)
{
    TIMER0->tasks_stop = 1; /* its mode must not change while it runs (6.30.6) */
    TIMER0->mode = TIMER_MODE_TIMER;
    TIMER0->bitmode = TIMER_BITMODE_32;
    TIMER0->prescaler = MICROS_PRESCALER;
    TIMER0->tasks_clear = 1;
    TIMER0->cc[CC_WAKE] = WAKE_PERIOD_US;
    TIMER0->events_compare[CC_WAKE] = 0;
    TIMER0->intenset = TIMER_INT_COMPARE0 << CC_WAKE;
    TIMER0->tasks_start = 1;
    irq_enable(IRQ_TIMER0);
}

static void start_cycles(void)
{
    *DEMCR |= DEMCR_TRCENA;
    *DWT_CYCCNT = 0;
    *DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    const uint32_t before = *DWT_CYCCNT;
    __asm volatile("nop\n nop\n nop\n nop\n isb" : : : "memory");
    state.has_cycle_counter = *DWT_CYCCNT != before;
}

void system_init(void)
{
    start_micros();
    start_cycles();
}

void system_timer_handler(void)
{
    event_clear(&TIMER0->events_compare[CC_WAKE]);
    TIMER0->cc[CC_WAKE] += WAKE_PERIOD_US;
}

uint32_t board_micros(void)
{
    TIMER0->tasks_capture[CC_NOW] = 1;
    return TIMER0->cc[CC_NOW];
}

/* Not counted while the core sleeps. If the core's counter does not run, the timer times 64. */
uint32_t board_cycles(void)
{
    return state.has_cycle_counter ? *DWT_CYCCNT : board_micros() * (CORE_HZ / 1000000u);
}

void board_idle(void)
{
    board_keep_alive();
    if (usb_boot_loader_wanted()) {
        restart_in_boot_loader();
    }
    /* Interrupts are masked, so that one between the test and the WFI still ends the WFI. */
    const uint32_t primask = interrupts_off();
    if (!uart_waiting() && !usb_waiting() && !microphone_waiting()) {
        __asm volatile("dsb\n wfi" : : : "memory");
    }
    interrupts_restore(primask);
}
