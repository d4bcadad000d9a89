/*
 * Time, watchdog, sleep, boot loader. See system.h and bare.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "system.h"

#include "adc.h"
#include "bare.h"
#include "board.h"
#include "interrupts.h"
#include "rp2040.h"
#include "uart.h"
#include "usb.h"

enum { SYSTICK_BITS = 24, SYSTICK_TOP = 0xFFFFFF };

/* The watchdog counts down by two a microsecond (erratum RP2040-E1). */
#define WATCHDOG_PERIOD_US 3000000u
#define WATCHDOG_LOAD      (2u * WATCHDOG_PERIOD_US)
_Static_assert(WATCHDOG_LOAD <= 0xFFFFFFu, "the watchdog has 24 bits");

static struct {
    volatile uint32_t systick_wraps;
} state;

/* SysTick wraps every 134 ms. It extends the cycle count and wakes the main loop from time to time. */
void systick_handler(void)
{
    state.systick_wraps++;
}

/* The ROM resets by the watchdog as well, and leaves other marks. */
void system_watch(void)
{
    WATCHDOG->tick = CRYSTAL_HZ / 1000000u | WATCHDOG_TICK_ENABLE; /* slower with the ring oscillator */
    *PSM_WDSEL = PSM_WDSEL_ALL_BUT_OSCILLATORS;
    WATCHDOG->scratch[SCRATCH_BEFORE] = WATCHDOG->scratch[SCRATCH_MARK];
    WATCHDOG->scratch[SCRATCH_MARK] = SCRATCH_MARK_OWN;
    board_keep_alive();
    WATCHDOG->ctrl = WATCHDOG_CTRL_ENABLE | WATCHDOG_CTRL_PAUSE_ON_DEBUG;
}

void system_init(void)
{
    SYSTICK->rvr = SYSTICK_TOP;
    SYSTICK->cvr = 0;
    SYSTICK->csr = SYSTICK_CSR_ENABLE | SYSTICK_CSR_TICKINT | SYSTICK_CSR_CLKSOURCE_CPU;
}

uint32_t board_micros(void)
{
    return *TIMER_TIMERAWL;
}

uint32_t board_cycles(void)
{
    uint32_t wraps;
    uint32_t low;

    do {
        wraps = state.systick_wraps;
        low = SYSTICK_TOP - SYSTICK->cvr;
    } while (wraps != state.systick_wraps);
    return (wraps << SYSTICK_BITS) + low;
}

void board_keep_alive(void)
{
    WATCHDOG->load = WATCHDOG_LOAD;
}

void system_reboot_to_bootsel(void)
{
    typedef void *(*table_lookup)(const uint16_t *table, uint32_t code);
    typedef void (*reset_to_usb_boot)(uint32_t activity_led_mask, uint32_t disabled_interfaces);
    const uint32_t code = 'U' | 'B' << 8; /* _reset_to_usb_boot, datasheet 2.8.3.1.4 */

    const table_lookup lookup = (table_lookup)(uintptr_t)rom_half_word(ROM_TABLE_LOOKUP);
    const uint16_t *table = (const uint16_t *)(uintptr_t)rom_half_word(ROM_FUNC_TABLE);
    const reset_to_usb_boot reboot = (reset_to_usb_boot)(uintptr_t)lookup(table, code);
    reboot(0, 0);
    for (;;) {
    }
}

void board_idle(void)
{
    board_keep_alive();
    if (usb_boot_loader_wanted()) {
        system_reboot_to_bootsel();
    }
    /* Interrupts are masked, so that one between the test and the WFI still ends the WFI. */
    const uint32_t primask = interrupts_off();
    if (!uart_waiting() && !usb_waiting() && !microphone_waiting()) {
        __asm volatile("dsb\n wfi" : : : "memory");
    }
    interrupts_restore(primask);
}
