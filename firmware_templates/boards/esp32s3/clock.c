/*
 * Clock. See clock.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clock.h"

#include "esp32s3.h"

/* 240 MHz would need a raised core voltage, which is set over an internal bus that the TRM does not describe. */
enum { PLL_CORE_MHZ = 160, CALIBRATION_POLLS = 100000, MEASURE_US = 1000, MEASURE_POLLS = 100000 };

volatile uint32_t clock_micros_total;

static struct {
    bool pll;
    uint32_t cycles_per_us;
    uint32_t last;    /* CCOUNT up to which time has been counted */
    uint32_t partial; /* cycles counted that are not a microsecond yet */
} state;

/* The ROM has configured the PLL for USB, 480 MHz. It is calibrated again, as it may have been off. */
static bool pll_runs(void)
{
    bool calibrated = false;

    RTC_OPTIONS0 &= ~RTC_OPTIONS0_PLL_OFF;
    ANA_CONF0 &= ~ANA_CONF0_PLL_STOP_HIGH;
    ANA_CONF0 |= ANA_CONF0_PLL_STOP_LOW;
    for (int i = 0; i < CALIBRATION_POLLS && !calibrated; i++) {
        calibrated = (ANA_CONF0 & ANA_CONF0_PLL_CALIBRATED) != 0;
    }
    ANA_CONF0 &= ~ANA_CONF0_PLL_STOP_LOW;
    ANA_CONF0 |= ANA_CONF0_PLL_STOP_HIGH;
    return calibrated;
}

static void select_clock(void)
{
    state.pll = pll_runs();
    if (state.pll) {
        SYSTEM_CPU_PER_CONF =
            (SYSTEM_CPU_PER_CONF & ~SYSTEM_CPU_PERIOD_MASK) | SYSTEM_PLL_480_MHZ | SYSTEM_CPU_PERIOD_160_MHZ;
        SYSTEM_SYSCLK_CONF = (SYSTEM_SYSCLK_CONF & ~SYSTEM_SYSCLK_SOURCE_MASK) | SYSTEM_SYSCLK_SOURCE_PLL;
    } else {
        SYSTEM_SYSCLK_CONF &= ~SYSTEM_SYSCLK_DIVIDER_MASK; /* the crystal, undivided, if that is the source */
    }
}

static uint32_t systimer(void)
{
    SYSTIMER_UNIT0_OP = SYSTIMER_OP_UPDATE;
    for (int i = 0; i < 16; i++) { /* the value is taken over within a few bus clocks */
        (void)SYSTIMER_UNIT0_OP;
    }
    return SYSTIMER_UNIT0_LOW;
}

/* Core cycles per microsecond, by the system timer. If that does not run: the frequency of the PLL. */
static uint32_t measure(void)
{
    const uint32_t ticks_wanted = SYSTIMER_HZ / 1000000u * MEASURE_US;
    const uint32_t begin = systimer();
    const uint32_t cycles = clock_cycles();

    for (int i = 0; i < MEASURE_POLLS; i++) {
        const uint32_t ticks = systimer() - begin;
        if (ticks >= ticks_wanted) {
            const uint32_t ticks_per_us = SYSTIMER_HZ / 1000000u;
            const uint32_t passed_us = ticks / ticks_per_us;
            return (clock_cycles() - cycles + passed_us / 2u) / passed_us;
        }
        if (i == 100 && ticks == 0) {
            break;
        }
    }
    return PLL_CORE_MHZ;
}

void clock_init(void)
{
    select_clock();
    state.cycles_per_us = measure();
    state.last = clock_cycles();
}

bool clock_from_pll(void)
{
    return state.pll;
}

void clock_wait_us(uint32_t us)
{
    const uint32_t since = clock_cycles();
    while (clock_cycles() - since < us * state.cycles_per_us) {
    }
}

uint32_t clock_micros(void)
{
    const uint32_t now = clock_cycles();
    const uint32_t cycles = now - state.last + state.partial;
    const uint32_t passed_us = cycles / state.cycles_per_us;

    state.last = now;
    state.partial = cycles - passed_us * state.cycles_per_us;
    clock_micros_total += passed_us;
    return clock_micros_total;
}
