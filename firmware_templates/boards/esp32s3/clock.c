/*
 * Clock. See clock.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clock.h"

#include "esp32s3.h"
#include "regulator.h"
#include "sleep.h"

enum {
    PLL_SETTLES_US = 100,
    MEASURE_US = 1000,
    VALID_POLLS = 1000, /* the timer's value is taken over within a few bus clocks */
    TOLERANCE = 50,     /* 1/50: 2 % */
};

volatile uint32_t clock_micros_total;

static struct {
    uint32_t mhz;     /* cycles of a microsecond */
    uint32_t last;    /* CCOUNT up to which time has been counted */
    uint32_t partial; /* cycles counted that are not a microsecond yet */
    uint32_t ticks;   /* of the system timer, as well */
    bool pll;
    bool has_timer;
} state = {.mhz = CRYSTAL_MHZ};

static void use_crystal(void)
{
    SYSTEM_SYSCLK_CONF &= ~(SYSTEM_SYSCLK_SOURCE_MASK | SYSTEM_SYSCLK_DIVIDER_MASK);
    state.mhz = CRYSTAL_MHZ;
}

/* The ROM has the PLL at 480 MHz, for USB. It is left as it is: a new calibration would need all of ESP-IDF's sequence. */
static void use_pll(void)
{
    if (CORE_MHZ > 80) {
        regulator_raise(CORE_MHZ);
    }
    SYSTEM_CPU_PER_CONF =
        (SYSTEM_CPU_PER_CONF & ~SYSTEM_CPU_PERIOD_MASK) | SYSTEM_PLL_480_MHZ | SYSTEM_CPU_PERIOD(CORE_MHZ);
    SYSTEM_SYSCLK_CONF =
        (SYSTEM_SYSCLK_CONF & ~(SYSTEM_SYSCLK_SOURCE_MASK | SYSTEM_SYSCLK_DIVIDER_MASK)) | SYSTEM_SYSCLK_SOURCE_PLL;
    state.mhz = CORE_MHZ;
}

static uint32_t systimer(void)
{
    SYSTIMER_UNIT0_OP = SYSTIMER_OP_UPDATE;
    for (int i = 0; i < VALID_POLLS && (SYSTIMER_UNIT0_OP & SYSTIMER_OP_VALID) == 0; i++) {
    }
    return SYSTIMER_UNIT0_LOW;
}

/* The core's clock in kHz, by the system timer, which counts the crystal's; 0 if that does not run. */
static uint32_t measure(void)
{
    const uint32_t begin = systimer();
    const uint32_t since = clock_cycles();

    clock_wait_us(MEASURE_US);
    const uint32_t ticks = systimer() - begin;
    const uint32_t cycles = clock_cycles() - since; /* less than 2^18 */
    return ticks == 0 ? 0 : cycles * (SYSTIMER_HZ / 1000u) / ticks;
}

struct clock_report clock_init(bool try_pll)
{
    struct clock_report report = {0, 0};
    const uint32_t expected = CORE_MHZ * 1000u;

    use_crystal();
    if (try_pll) {
        RTC_OPTIONS0 &= ~RTC_OPTIONS0_PLL_OFF;
        clock_wait_us(PLL_SETTLES_US);
        use_pll();
        report.pll_khz = measure();
        state.pll = report.pll_khz - (expected - expected / TOLERANCE) <= 2u * (expected / TOLERANCE);
    }
    report.core_khz = report.pll_khz;
    if (!state.pll) {
        use_crystal();
        report.core_khz = measure();
    }
    state.last = clock_cycles();
    state.has_timer = report.core_khz != 0;
    return report;
}

bool clock_from_pll(void)
{
    return state.pll;
}

void clock_wait_us(uint32_t us)
{
    const uint32_t since = clock_cycles();
    while (clock_cycles() - since < us * state.mhz) {
    }
}

uint32_t clock_micros(void)
{
    const uint32_t now = clock_cycles();
    const uint32_t cycles = now - state.last + state.partial;
    const uint32_t passed_us = cycles / state.mhz;

    state.last = now;
    state.partial = cycles - passed_us * state.mhz;
    clock_micros_total += passed_us;
    return clock_micros_total;
}

bool clock_can_wait(void)
{
    return state.has_timer;
}

/* Whether CCOUNT counts while the core's clock is gated is in no manual, so the system timer tells how long that was. */
void clock_wait_for_interrupt(void)
{
    (void)clock_micros();
    const uint32_t since = systimer();
    wait_for_interrupt(1u << WAKING_INTERRUPT);
    state.ticks += systimer() - since;
    state.last = clock_cycles();
    clock_micros_total += state.ticks / (SYSTIMER_HZ / 1000000u);
    state.ticks %= SYSTIMER_HZ / 1000000u;
}
