/*
 * The registers of the RP2040 that this board uses, with the names and sections of the RP2040 datasheet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_RP2040_H
#define PICO_RP2040_H

#include <stdint.h>

#define REG_AT(type, address) ((type *)(uintptr_t)(address))

/* Every APB and AHB-Lite register has aliases that set or clear bits in one write (2.1.2). */
#define REG_SET_ALIAS   0x2000u
#define REG_CLEAR_ALIAS 0x3000u

static inline void reg_set(volatile uint32_t *reg, uint32_t bits)
{
    *(volatile uint32_t *)((uintptr_t)reg + REG_SET_ALIAS) = bits;
}

static inline void reg_clear(volatile uint32_t *reg, uint32_t bits)
{
    *(volatile uint32_t *)((uintptr_t)reg + REG_CLEAR_ALIAS) = bits;
}

/* Interrupt numbers (2.3.2). */
enum irq { IRQ_TIMER_0 = 0, IRQ_USBCTRL = 5, IRQ_DMA_0 = 11, IRQ_UART0 = 20, IRQ_COUNT = 26 };

/* Cortex-M0+: NVIC, SysTick, VTOR (2.4.8). */
#define NVIC_ISER REG_AT(volatile uint32_t, 0xE000E100u)
#define NVIC_ICER REG_AT(volatile uint32_t, 0xE000E180u)
#define NVIC_ICPR REG_AT(volatile uint32_t, 0xE000E280u)

struct systick_regs {
    volatile uint32_t csr;
    volatile uint32_t rvr;
    volatile uint32_t cvr;
};
#define SYSTICK                   REG_AT(struct systick_regs, 0xE000E010u)
#define SYSTICK_CSR_ENABLE        (1u << 0)
#define SYSTICK_CSR_TICKINT       (1u << 1)
#define SYSTICK_CSR_CLKSOURCE_CPU (1u << 2)

/* SIO: the GPIO outputs (2.3.1.7). */
#define SIO_GPIO_OUT_SET REG_AT(volatile uint32_t, 0xD0000014u)
#define SIO_GPIO_OUT_CLR REG_AT(volatile uint32_t, 0xD0000018u)
#define SIO_GPIO_OE_SET  REG_AT(volatile uint32_t, 0xD0000024u)

/* Subsystem resets (2.14.3). */
struct resets_regs {
    volatile uint32_t reset;
    volatile uint32_t wdsel;
    volatile uint32_t reset_done;
};
#define RESETS           REG_AT(struct resets_regs, 0x4000C000u)
#define RESET_ADC        (1u << 0)
#define RESET_DMA        (1u << 2)
#define RESET_IO_BANK0   (1u << 5)
#define RESET_IO_QSPI    (1u << 6)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PADS_QSPI  (1u << 9)
#define RESET_PLL_SYS    (1u << 12)
#define RESET_PLL_USB    (1u << 13)
#define RESET_SYSCFG     (1u << 18)
#define RESET_SYSINFO    (1u << 19)
#define RESET_TIMER      (1u << 21)
#define RESET_UART0      (1u << 22)
#define RESET_USBCTRL    (1u << 24)
/* All but the flash, the clock and the debugger, which a program may need while it starts. */
#define RESET_ALL_AT_START                                                                                             \
    (0x1FFFFFFu & ~(RESET_IO_QSPI | RESET_PADS_QSPI | RESET_PLL_SYS | RESET_PLL_USB | RESET_SYSCFG))

/* Power-on state machine: selects what a watchdog reset resets (2.13.5). */
#define PSM_WDSEL                     REG_AT(volatile uint32_t, 0x40010008u)
#define PSM_WDSEL_ALL_BUT_OSCILLATORS 0x1FFFCu /* not ROSC (bit 0), not XOSC (bit 1) */

/* Clock generators (2.15.7). */
struct clock_regs {
    volatile uint32_t ctrl;
    volatile uint32_t div;
    volatile uint32_t selected; /* one-hot */
};
#define CLK_REF            REG_AT(struct clock_regs, 0x40008030u)
#define CLK_SYS            REG_AT(struct clock_regs, 0x4000803Cu)
#define CLK_PERI           REG_AT(struct clock_regs, 0x40008048u)
#define CLK_USB            REG_AT(struct clock_regs, 0x40008054u)
#define CLK_ADC            REG_AT(struct clock_regs, 0x40008060u)
#define CLK_SYS_RESUS_CTRL REG_AT(volatile uint32_t, 0x40008078u)
#define CLK_REF_SRC_XOSC   2u
#define CLK_SYS_SRC_REF    0u
#define CLK_SYS_SRC_AUX    1u         /* auxiliary source 0: PLL_SYS */
#define CLK_CTRL_ENABLE    (1u << 11) /* auxiliary source 0: clk_sys for clk_peri, PLL_USB for clk_usb and clk_adc */
#define CLK_DIV_BY_1       (1u << 8)

/* Crystal oscillator (2.16.7). */
struct xosc_regs {
    volatile uint32_t ctrl;
    volatile uint32_t status;
    volatile uint32_t dormant;
    volatile uint32_t startup; /* in units of 256 crystal periods */
};
#define XOSC                    REG_AT(struct xosc_regs, 0x40024000u)
#define XOSC_CTRL_RANGE_1_15MHZ 0xAA0u
#define XOSC_CTRL_ENABLE        (0xFABu << 12)
#define XOSC_STATUS_STABLE      (1u << 31)

/* PLLs (2.18.4). */
struct pll_regs {
    volatile uint32_t cs;
    volatile uint32_t pwr;
    volatile uint32_t fbdiv_int;
    volatile uint32_t prim;
};
#define PLL_SYS                 REG_AT(struct pll_regs, 0x40028000u)
#define PLL_USB                 REG_AT(struct pll_regs, 0x4002C000u)
#define PLL_CS_LOCK             (1u << 31)
#define PLL_CS_REFDIV_1         1u
#define PLL_PWR_PD              (1u << 0)
#define PLL_PWR_POSTDIVPD       (1u << 3)
#define PLL_PWR_VCOPD           (1u << 5)
#define PLL_PRIM_POSTDIV1_SHIFT 16
#define PLL_PRIM_POSTDIV2_SHIFT 12

/* GPIO functions and pads (2.19.6). */
struct gpio_regs {
    volatile uint32_t status;
    volatile uint32_t ctrl;
};
#define GPIO(pin)      (REG_AT(struct gpio_regs, 0x40014000u) + (pin))
#define GPIO_FUNC_UART 2u
#define GPIO_FUNC_SIO  5u
#define GPIO_FUNC_NULL 31u
/* USB_MUXING_DIGITAL_DP, of pin 15 alone */
#define GPIO_FUNC_USB_DP    8u
#define GPIO_OEOVER_DISABLE (2u << 12)
#define GPIO_INOVER_HIGH    (3u << 16)
#define PAD(pin)            (REG_AT(volatile uint32_t, 0x4001C004u) + (pin))
#define PAD_OD              (1u << 7) /* output disable */
#define PAD_IE              (1u << 6) /* input enable */
#define PAD_DRIVE_4MA       (1u << 4)
#define PAD_PUE             (1u << 3) /* pull-up */
#define PAD_PDE             (1u << 2) /* pull-down */
#define PAD_SCHMITT         (1u << 1)

/* UART, a PL011 (4.2.8). */
struct uart_regs {
    volatile uint32_t dr;
    volatile uint32_t rsr;
    uint32_t reserved_08[4];
    volatile uint32_t fr;
    uint32_t reserved_1c[2];
    volatile uint32_t ibrd;
    volatile uint32_t fbrd;
    volatile uint32_t lcr_h;
    volatile uint32_t cr;
    volatile uint32_t ifls;
    volatile uint32_t imsc;
    volatile uint32_t ris;
    volatile uint32_t mis;
    volatile uint32_t icr;
};
#define UART0               REG_AT(struct uart_regs, 0x40034000u)
#define UART_FR_BUSY        (1u << 3)
#define UART_FR_RXFE        (1u << 4) /* receive FIFO empty */
#define UART_FR_TXFF        (1u << 5) /* transmit FIFO full */
#define UART_LCR_H_FEN      (1u << 4)
#define UART_LCR_H_WLEN_8   (3u << 5)
#define UART_CR_UARTEN      (1u << 0)
#define UART_CR_TXE         (1u << 8)
#define UART_CR_RXE         (1u << 9)
#define UART_INT_RX         (1u << 4)
#define UART_INT_RX_TIMEOUT (1u << 6)

/* ADC (4.9.6). */
struct adc_regs {
    volatile uint32_t cs;
    volatile uint32_t result;
    volatile uint32_t fcs;
    volatile uint32_t fifo;
    volatile uint32_t div;
};
#define ADC               REG_AT(struct adc_regs, 0x4004C000u)
#define ADC_CS_EN         (1u << 0)
#define ADC_CS_START_MANY (1u << 3)
#define ADC_CS_READY      (1u << 8)
#define ADC_FCS_EN        (1u << 0)
#define ADC_FCS_DREQ_EN   (1u << 3)
#define ADC_FCS_THRESH_1  (1u << 24)
#define ADC_DIV_INT_SHIFT 8

/* 64-bit microsecond timer, its low word (4.6.5). */
#define TIMER_ALARM0     REG_AT(volatile uint32_t, 0x40054010u)
#define TIMER_TIMERAWL   REG_AT(volatile uint32_t, 0x40054028u)
#define TIMER_INTR       REG_AT(volatile uint32_t, 0x40054034u)
#define TIMER_INTE       REG_AT(volatile uint32_t, 0x40054038u)
#define TIMER_INT_ALARM0 (1u << 0)

/* How the flash is read in place, as boot2 has set it up (4.10.13). */
#define SSI_CTRLR0               REG_AT(volatile uint32_t, 0x18000000u)
#define SSI_CTRLR0_TMOD_SHIFT    8
#define SSI_CTRLR0_TMOD_EEPROM   3u
#define SSI_CTRLR0_SPI_FRF_SHIFT 21

/* Why it was reset, but for the watchdog (2.10.10). */
#define CHIP_RESET              REG_AT(volatile uint32_t, 0x40064008u)
#define CHIP_RESET_HAD_POWER_ON (1u << 8)
#define CHIP_RESET_HAD_RUN      (1u << 16)

/* What chip it is (2.20). */
#define SYSINFO_CHIP_ID        REG_AT(volatile uint32_t, 0x40000000u)
#define SYSINFO_REVISION_SHIFT 28
#define SYSINFO_REVISION_B2    2u

/* Watchdog and the 1 MHz tick it makes (4.7.6). */
struct watchdog_regs {
    volatile uint32_t ctrl;
    volatile uint32_t load;
    volatile uint32_t reason;
    volatile uint32_t scratch[8];
    volatile uint32_t tick;
};
#define WATCHDOG_REASON_TIMER        (1u << 0)
#define WATCHDOG                     REG_AT(struct watchdog_regs, 0x40058000u)
#define WATCHDOG_CTRL_ENABLE         (1u << 30)
#define WATCHDOG_CTRL_PAUSE_ON_DEBUG (7u << 24)
#define WATCHDOG_TICK_ENABLE         (1u << 9)

/* DMA (2.5.7). */
struct dma_channel_regs {
    volatile uint32_t read_addr;
    volatile uint32_t write_addr;
    volatile uint32_t trans_count;
    volatile uint32_t ctrl_trig;
    volatile uint32_t al1_ctrl; /* the same without a trigger */
    uint32_t other_aliases[11];
};
#define DMA_CHANNEL(n)           (REG_AT(struct dma_channel_regs, 0x50000000u) + (n))
#define DMA_INTE0                REG_AT(volatile uint32_t, 0x50000404u)
#define DMA_INTS0                REG_AT(volatile uint32_t, 0x5000040Cu)
#define DMA_MULTI_CHAN_TRIGGER   REG_AT(volatile uint32_t, 0x50000430u)
#define DMA_CTRL_EN              (1u << 0)
#define DMA_CTRL_HIGH_PRIORITY   (1u << 1)
#define DMA_CTRL_SIZE_HALFWORD   (1u << 2)
#define DMA_CTRL_INCR_WRITE      (1u << 5)
#define DMA_CTRL_RING_SIZE_SHIFT 6
#define DMA_CTRL_RING_SEL_WRITE  (1u << 10)
#define DMA_CTRL_CHAIN_TO_SHIFT  11
#define DMA_CTRL_TREQ_SHIFT      15
#define DREQ_ADC                 36u

/* Boot ROM: half-word pointers to its function table and to the look-up function (2.8.3). */
#define ROM_FUNC_TABLE   0x14u
#define ROM_TABLE_LOOKUP 0x18u

static inline uint16_t rom_half_word(uintptr_t address)
{
    __asm("" : "+r"(address)); /* GCC takes a constant address this low for a null pointer */
    return *(const uint16_t *)address;
}

static inline void irq_enable(enum irq irq)
{
    *NVIC_ICPR = 1u << irq;
    *NVIC_ISER = 1u << irq;
}

static inline void irq_disable(enum irq irq)
{
    *NVIC_ICER = 1u << irq;
}

#endif /* PICO_RP2040_H */
