/*
 * Clocks, LED, time, watchdog, sleep. See board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "stm32f405.h"

enum {
    PIN_LED = 1, /* PC1 */
    FLASH_WAIT_STATES = 5,
    /* 12 MHz / 6 * 168 = 336 MHz; / 2 for the core, / 7 for USB [7.3.2] */
    PLL_M = 6,
    PLL_N = 168,
    PLL_Q = 7,
    CLOCK_PATIENCE = 1000000, /* turns of a wait; the crystal takes some milliseconds */
    SYSTICK_BITS = 24,
    SYSTICK_TOP = 0xFFFFFF,
    WATCHDOG_BY_64 = 4,
    WATCHDOG_TICKS = 1500, /* 3 s */
};

static volatile uint32_t systick_wraps;

static bool wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (uint32_t i = 0; i < CLOCK_PATIENCE; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

/* A chip without its crystal cannot keep serial rates: it stops here, silent, with its LED off. */
static void start_clocks(void)
{
    if ((RCC_CR & RCC_CR_HSIRDY) == 0) {
        return; /* no chip runs without a clock: an emulator that leaves this block out, and is at full speed */
    }
    RCC_CR |= RCC_CR_HSEON;
    while (!wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY)) {
    }
    RCC_PLLCFGR = PLL_M | (uint32_t)PLL_N << 6 | RCC_PLLCFGR_SOURCE_HSE | (uint32_t)PLL_Q << 24;
    RCC_CR |= RCC_CR_PLLON;
    FLASH_ACR = FLASH_WAIT_STATES | FLASH_ACR_CACHES;
    RCC_CFGR = RCC_CFGR_APB1_BY_4 | RCC_CFGR_APB2_BY_2;
    while (!wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
    }
    RCC_CFGR |= RCC_CFGR_SWITCH_PLL;
    while (!wait_for(&RCC_CFGR, RCC_CFGR_STATUS_MASK, RCC_CFGR_STATUS_PLL)) {
    }
}

void system_init(void)
{
    start_clocks();
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOC;
    (void)RCC_AHB1ENR;
    led(false);
    GPIOC->moder = (GPIOC->moder & ~(3u << 2 * PIN_LED)) | (uint32_t)GPIO_OUTPUT << 2 * PIN_LED;

    SYSTICK_RVR = SYSTICK_TOP;
    SYSTICK_CVR = 0;
    SYSTICK_CSR = SYSTICK_CSR_RUN;

    DBGMCU_APB1_FZ |= DBGMCU_IWDG_STOP;
    IWDG_KR = IWDG_KEY_START;
    IWDG_KR = IWDG_KEY_ACCESS;
    IWDG_PR = WATCHDOG_BY_64;
    IWDG_RLR = WATCHDOG_TICKS;
    watchdog_feed();
}

void led(bool on)
{
    GPIOC->bsrr = on ? 1u << PIN_LED : 1u << (PIN_LED + 16);
}

/* SysTick wraps every 100 ms: it extends the cycle count and gets the main loop out of its sleep now and then. */
void systick_handler(void)
{
    systick_wraps++;
}

static uint64_t cycles_since_start(void)
{
    uint32_t wraps;
    uint32_t low;

    do {
        wraps = systick_wraps;
        low = SYSTICK_TOP - SYSTICK_CVR;
    } while (wraps != systick_wraps);
    return ((uint64_t)wraps << SYSTICK_BITS) + low;
}

uint32_t cycles(void)
{
    return (uint32_t)cycles_since_start();
}

uint32_t micros(void)
{
    return (uint32_t)(cycles_since_start() / (CORE_HZ / 1000000u));
}

void watchdog_feed(void)
{
    IWDG_KR = IWDG_KEY_FEED;
}

void sleep_until_interrupt(void)
{
    /* With interrupts masked, one that comes between the question and the WFI still ends the WFI. */
    __asm volatile("cpsid i" : : : "memory");
    if (!uart_waiting()) {
        __asm volatile("dsb\n wfi" : : : "memory");
    }
    __asm volatile("cpsie i" : : : "memory");
}
