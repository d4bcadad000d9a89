/*
 * The registers of the nRF52840 that this board uses, with the names and chapters of the nRF52840 product specification
 * v1.7.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NANO33BLE_NRF52840_H
#define NANO33BLE_NRF52840_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG_AT(type, address) ((type *)(uintptr_t)(address))
#define REG(address)          REG_AT(volatile uint32_t, address)

/* Interrupt numbers: a peripheral's identifier, bits 12 to 18 of its address (4.2.4 Instantiation). */
enum irq { IRQ_POWER_CLOCK = 0, IRQ_UARTE0 = 2, IRQ_TIMER0 = 8, IRQ_PDM = 29, IRQ_USBD = 39, IRQ_COUNT = 48 };

/* Cortex-M4: NVIC, SysTick, VTOR, AIRCR, CPACR, DEMCR, DWT (ARMv7-M reference manual, B3.2, B3.4, C1.6, C1.8). */
#define NVIC_ISER(n)          REG(0xE000E100u + 4u * (n))
#define NVIC_ICER(n)          REG(0xE000E180u + 4u * (n))
#define NVIC_ICPR(n)          REG(0xE000E280u + 4u * (n))
#define NVIC_WORDS            2u
#define SYSTICK_CSR           REG(0xE000E010u)
#define SCB_VTOR              REG(0xE000ED08u)
#define SCB_AIRCR             REG(0xE000ED0Cu)
#define AIRCR_RESET           0x05FA0004u
#define SCB_CPACR             REG(0xE000ED88u)
#define MPU_CTRL              REG(0xE000ED94u)
#define CPACR_FPU_FULL_ACCESS (0xFu << 20)
#define DEMCR                 REG(0xE000EDFCu)
#define DEMCR_TRCENA          (1u << 24)
#define DWT_CTRL              REG(0xE0001000u)
#define DWT_CTRL_CYCCNTENA    (1u << 0)
#define DWT_CYCCNT            REG(0xE0001004u)

/* Clock control (5.4.3). */
#define CLOCK_TASKS_HFCLKSTART  REG(0x40000000u)
#define CLOCK_HFCLKSTAT         REG(0x4000040Cu)
#define CLOCK_HFCLKSTAT_CRYSTAL (1u << 16 | 1u << 0) /* running, and from the crystal */

/* Power (5.3.7). It shares its interrupt with the clock control. */
#define POWER_EVENTS_USBREMOVED   REG(0x40000120u)
#define POWER_EVENTS_USBPWRRDY    REG(0x40000124u)
#define POWER_INTENSET            REG(0x40000304u)
#define POWER_INTENCLR            REG(0x40000308u)
#define POWER_INT_USBREMOVED      (1u << 8)
#define POWER_INT_USBPWRRDY       (1u << 9)
#define POWER_USBREGSTATUS        REG(0x40000438u)
#define POWER_USBREGSTATUS_VBUS   (1u << 0)
#define POWER_USBREGSTATUS_OUTPUT (1u << 1)
#define POWER_RESETREAS           REG(0x40000400u) /* adds up until a 1 clears its bit */
#define POWER_RESETREAS_BUTTON    (1u << 0)
#define POWER_RESETREAS_WATCHDOG  (1u << 1)
#define POWER_RESETREAS_SOFTWARE  (1u << 2)
#define POWER_RESETREAS_LOCKUP    (1u << 3)
#define POWER_GPREGRET            REG(0x4000051Cu) /* kept through a soft reset, not through the watchdog's (5.3.6.6) */

/* Device identifier (4.4.1, FICR). */
#define FICR_DEVICEID(n) REG(0x10000060u + 4u * (n))

/* Instruction cache (4.3.9, ICACHECNF). */
#define NVMC_ICACHECNF         REG(0x4001E540u)
#define NVMC_ICACHECNF_CACHEEN (1u << 0)

/* General purpose input and output (6.9.2). */
struct gpio_regs {
    uint32_t reserved0[0x504 / 4];
    volatile uint32_t out;
    volatile uint32_t outset;
    volatile uint32_t outclr;
    volatile uint32_t in;
    volatile uint32_t dir;
    volatile uint32_t dirset;
    volatile uint32_t dirclr;
    uint32_t reserved1[(0x700 - 0x520) / 4];
    volatile uint32_t pin_cnf[32];
};
#define GPIO_PORT(n)   REG_AT(struct gpio_regs, 0x50000000u + 0x300u * (n))
#define PIN_CNF_OUTPUT (1u << 0 | 1u << 1) /* direction out, input buffer disconnected */
#define PIN_CNF_INPUT  0u
#define PIN_CNF_PULLUP (3u << 2)

/* UART with EasyDMA (6.34.9). */
struct uarte_regs {
    volatile uint32_t tasks_startrx;
    volatile uint32_t tasks_stoprx;
    volatile uint32_t tasks_starttx;
    volatile uint32_t tasks_stoptx;
    uint32_t reserved0[(0x02C - 0x010) / 4];
    volatile uint32_t tasks_flushrx;
    uint32_t reserved12[(0x108 - 0x030) / 4];
    volatile uint32_t events_rxdrdy;
    uint32_t reserved1;
    volatile uint32_t events_endrx;
    uint32_t reserved2[(0x120 - 0x114) / 4];
    volatile uint32_t events_endtx;
    uint32_t reserved3[(0x144 - 0x124) / 4];
    volatile uint32_t events_rxto;
    uint32_t reserved4;
    volatile uint32_t events_rxstarted;
    uint32_t reserved5[(0x158 - 0x150) / 4];
    volatile uint32_t events_txstopped;
    uint32_t reserved13[(0x200 - 0x15C) / 4];
    volatile uint32_t shorts;
    uint32_t reserved6[(0x304 - 0x204) / 4];
    volatile uint32_t intenset;
    volatile uint32_t intenclr;
    uint32_t reserved7[(0x500 - 0x30C) / 4];
    volatile uint32_t enable;
    uint32_t reserved8;
    volatile uint32_t psel_rts;
    volatile uint32_t psel_txd;
    volatile uint32_t psel_cts;
    volatile uint32_t psel_rxd;
    uint32_t reserved9[(0x524 - 0x518) / 4];
    volatile uint32_t baudrate;
    uint32_t reserved10[(0x534 - 0x528) / 4];
    volatile uint32_t rxd_ptr;
    volatile uint32_t rxd_maxcnt;
    volatile uint32_t rxd_amount;
    uint32_t reserved11;
    volatile uint32_t txd_ptr;
    volatile uint32_t txd_maxcnt;
    volatile uint32_t txd_amount;
    uint32_t reserved14[(0x56C - 0x550) / 4];
    volatile uint32_t config;
};
#define UARTE0                     REG_AT(struct uarte_regs, 0x40002000u)
#define UARTE_SHORTS_ENDRX_STARTRX (1u << 5)
#define UARTE_INT_RXDRDY           (1u << 2)
#define UARTE_INT_RXSTARTED        (1u << 19)
#define UARTE_ENABLED              8u
#define UARTE_CONFIG_8N1           0u
#define PSEL_DISCONNECTED          0xFFFFFFFFu

/* Microphone interface (6.15.7). */
struct pdm_regs {
    volatile uint32_t tasks_start;
    volatile uint32_t tasks_stop;
    uint32_t reserved0[(0x100 - 0x008) / 4];
    volatile uint32_t events_started;
    volatile uint32_t events_stopped;
    volatile uint32_t events_end;
    uint32_t reserved1[(0x304 - 0x10C) / 4];
    volatile uint32_t intenset;
    volatile uint32_t intenclr;
    uint32_t reserved2[(0x500 - 0x30C) / 4];
    volatile uint32_t enable;
    volatile uint32_t pdmclkctrl;
    volatile uint32_t mode;
    uint32_t reserved3[(0x518 - 0x50C) / 4];
    volatile uint32_t gainl;
    volatile uint32_t gainr;
    volatile uint32_t ratio;
    uint32_t reserved4[(0x540 - 0x524) / 4];
    volatile uint32_t psel_clk;
    volatile uint32_t psel_din;
    uint32_t reserved5[(0x560 - 0x548) / 4];
    volatile uint32_t sample_ptr;
    volatile uint32_t sample_maxcnt;
};
#define PDM                        REG_AT(struct pdm_regs, 0x4001D000u)
#define PDM_INT_STARTED            (1u << 0)
#define PDM_INT_END                (1u << 2)
#define PDM_CLOCK_1280_KHZ         0x0A000000u
#define PDM_RATIO_80               1u
#define PDM_MODE_MONO_LEFT_FALLING 1u
#define PDM_GAIN_0_DB              0x28u /* half a decibel a step */

/* Timers (6.30.6). */
struct timer_regs {
    volatile uint32_t tasks_start;
    volatile uint32_t tasks_stop;
    volatile uint32_t tasks_count;
    volatile uint32_t tasks_clear;
    uint32_t reserved0[(0x040 - 0x010) / 4];
    volatile uint32_t tasks_capture[6];
    uint32_t reserved1[(0x140 - 0x058) / 4];
    volatile uint32_t events_compare[6];
    uint32_t reserved2[(0x304 - 0x158) / 4];
    volatile uint32_t intenset;
    volatile uint32_t intenclr;
    uint32_t reserved3[(0x504 - 0x30C) / 4];
    volatile uint32_t mode;
    volatile uint32_t bitmode;
    uint32_t reserved4;
    volatile uint32_t prescaler;
    uint32_t reserved5[(0x540 - 0x514) / 4];
    volatile uint32_t cc[6];
};
#define TIMER0                       REG_AT(struct timer_regs, 0x40008000u)
#define TIMER1                       REG_AT(struct timer_regs, 0x40009000u)
#define TIMER_MODE_TIMER             0u
#define TIMER_MODE_LOW_POWER_COUNTER 2u
#define TIMER_BITMODE_32             3u
#define TIMER_INT_COMPARE0           (1u << 16)

/* Pulse width modulator (6.17.6). A pin that it has obeys no other register. */
#define PWM0_TASKS_STOP REG(0x4001C004u)
#define PWM0_ENABLE     REG(0x4001C500u)
#define PWM0_PSEL_OUT0  REG(0x4001C560u)

/* Programmable peripheral interconnect (6.16.2): channel 0 joins an event to a task. */
#define PPI_CHENSET REG(0x4001F504u)
#define PPI_CHENCLR REG(0x4001F508u)
#define PPI_CH0_EEP REG(0x4001F510u)
#define PPI_CH0_TEP REG(0x4001F514u)

/* Watchdog (6.36.4). */
#define WDT_TASKS_START         REG(0x40010000u)
#define WDT_RUNSTATUS           REG(0x40010400u)
#define WDT_CRV                 REG(0x40010504u)
#define WDT_CONFIG              REG(0x4001050Cu)
#define WDT_CONFIG_RUN_IN_SLEEP (1u << 0)
#define WDT_RR(n)               REG(0x40010600u + 4u * (n))
#define WDT_RR_COUNT            8u
#define WDT_RELOAD              0x6E524635u
#define WDT_HZ                  32768u

_Static_assert(offsetof(struct gpio_regs, pin_cnf) == 0x700, "6.9.2");
_Static_assert(offsetof(struct uarte_regs, config) == 0x56C, "6.34.9");
_Static_assert(offsetof(struct pdm_regs, sample_maxcnt) == 0x564, "6.15.7");
_Static_assert(offsetof(struct timer_regs, cc) == 0x540, "6.30.6");

/*
 * Waits until all of some bits are set: 20 ms at least, as a turn takes 10 cycles, for what takes 5 ms at most. False
 * if the chip does not set them, so that nothing waits for ever.
 */
enum { WAIT_TURNS = 128000 };
static inline bool wait_for(const volatile uint32_t *reg, uint32_t bits)
{
    for (uint32_t turns = 0; turns < WAIT_TURNS; turns++) {
        if ((*reg & bits) == bits) {
            return true;
        }
    }
    return false;
}

/* The write takes some cycles to reach the peripheral; without the read a handler could end first and run twice. */
static inline void event_clear(volatile uint32_t *event)
{
    *event = 0;
    (void)*event;
}

static inline void irq_enable(enum irq irq)
{
    *NVIC_ICPR((uint32_t)irq / 32u) = 1u << (uint32_t)irq % 32u;
    *NVIC_ISER((uint32_t)irq / 32u) = 1u << (uint32_t)irq % 32u;
}

static inline void irq_disable(enum irq irq)
{
    *NVIC_ICER((uint32_t)irq / 32u) = 1u << (uint32_t)irq % 32u;
    __asm volatile("dsb\n isb" : : : "memory");
}

#endif /* NANO33BLE_NRF52840_H */
