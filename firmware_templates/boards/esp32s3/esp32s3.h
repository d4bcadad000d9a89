/*
 * Registers of the ESP32-S3 that this board uses. "TRM": ESP32-S3 Technical Reference Manual.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ESP32S3_H
#define ESP32S3_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* UART0 (TRM, "UART Controller"): base 0x60000000. */
#define UART_FIFO                  REG(0x60000000u)
#define UART_CLKDIV                REG(0x60000014u) /* integer part 11..0, sixteenths 23..20 */
#define UART_STATUS                REG(0x6000001Cu)
#define UART_CONF1                 REG(0x60000024u)
#define UART_CONF0                 REG(0x60000020u)
#define UART_FLOW_CONF             REG(0x60000034u) /* by XON and XOFF */
#define UART_FSM_STATUS            REG(0x6000006Cu)
#define UART_CLK_CONF              REG(0x60000078u)
#define UART_RX_COUNT(status)      ((status) & 0x3FFu)
#define UART_TX_COUNT(status)      (((status) >> 16) & 0x3FFu)
#define UART_TX_STATE_MASK         0xF0u /* 0: the last stop bit has left */
#define UART_CLKDIV_FRACTION_SHIFT 20
#define UART_CONF1_RX_FULL_MASK    0x3FFu /* the receive FIFO is full from so many bytes on */
#define UART_CONF1_RX_TIMEOUT      (1u << 23)
#define UART_CONF0_8_BITS          (3u << 2)
#define UART_CONF0_1_STOP          (1u << 4)
#define UART_CONF0_RX_RESET        (1u << 17)
#define UART_CONF0_TX_RESET        (1u << 18)
#define UART_CONF0_CLOCK_ON        (1u << 28) /* memory clock */
#define UART_CLK_CONF_CRYSTAL      (3u << 20)
#define UART_CLK_CONF_ENABLE       (7u << 22 & ~(1u << 23)) /* bit 22: clock; bit 23: reset; bit 24: transmitter */
#define UART_CLK_CONF_RX           (1u << 25)

/* GPIO and IO MUX (TRM, "IO MUX and GPIO Matrix"): bases 0x60004000 and 0x60009000. Pins from 32 on have registers of
   their own, 12 bytes further, for input 4. */
#define GPIO_BIT(pin)           (1u << ((pin) % 32u))
#define GPIO_OUT_SET(pin)       REG(0x60004008u + 12u * ((pin) / 32u))
#define GPIO_OUT_CLEAR(pin)     REG(0x6000400Cu + 12u * ((pin) / 32u))
#define GPIO_ENABLE_SET(pin)    REG(0x60004024u + 12u * ((pin) / 32u))
#define GPIO_ENABLE_CLEAR(pin)  REG(0x60004028u + 12u * ((pin) / 32u))
#define GPIO_IN(pin)            REG(0x6000403Cu + 4u * ((pin) / 32u))
#define GPIO_IN_SELECT(signal)  REG(0x60004154u + 4u * (signal))
#define GPIO_IN_SELECT_MATRIX   (1u << 7) /* the pin in bits 5..0, not the IO MUX */
#define GPIO_OUT_SELECT(pin)    REG(0x60004554u + 4u * (pin))
#define GPIO_OUT_SELECT_GPIO    256u       /* the pin follows GPIO_OUT */
#define GPIO_OUT_SELECT_BY_GPIO (1u << 10) /* GPIO_ENABLE, not the peripheral, says whether it is driven */
#define IO_MUX(pin)             REG(0x60009004u + 4u * (pin))
#define IO_MUX_PULL_UP          (1u << 8)
#define IO_MUX_INPUT            (1u << 9)
#define IO_MUX_DRIVE_20MA       (2u << 10)
#define IO_MUX_FUNCTION(number) ((uint32_t)(number) << 12)

/* Signals of the GPIO matrix (TRM, "Peripheral Signal List"). */
enum {
    SIGNAL_U0RXD = 12,
    SIGNAL_I2S0_MCLK_OUT = 23,
    SIGNAL_I2S0I_SD_IN = 25,
    SIGNAL_I2S0I_BCK_OUT = 26,
    SIGNAL_I2S0I_WS_OUT = 27
};

/* Low-power management (TRM, "Low-power Management" and "Watchdog Timers"): base 0x60008000. */
#define RTC_OPTIONS0           REG(0x60008000u)
#define RTC_RESET_STATE        REG(0x60008038u)
#define RTC_STORE0             REG(0x60008050u) /* kept by resets of the core; ESP-IDF's rom/rtc.h has it free */
#define RTC_WDT_CONFIG0        REG(0x60008098u)
#define RTC_WDT_STAGE0_HOLD    REG(0x6000809Cu)
#define RTC_WDT_STAGE1_HOLD    REG(0x600080A0u)
#define RTC_WDT_FEED           REG(0x600080ACu)
#define RTC_WDT_PROTECT        REG(0x600080B0u)
#define RTC_SWD_CONF           REG(0x600080B4u)
#define RTC_SWD_PROTECT        REG(0x600080B8u)
#define RTC_DATE               REG(0x600081FCu)
#define RTC_OPTIONS0_PLL_OFF   (1u << 6 | 1u << 8 | 1u << 10) /* force power down of the PLL and its control buses */
#define RTC_OPTIONS0_RESET     (1u << 31)
#define RTC_RESET_CAUSE(state) ((state) & 0x3Fu)
#define RTC_WDT_ENABLE         (1u << 31)
#define RTC_WDT_STAGE0(action) ((uint32_t)(action) << 28)
#define RTC_WDT_STAGE1(action) ((uint32_t)(action) << 25)
#define RTC_WDT_RESETS_SYSTEM  3u
#define RTC_WDT_RESETS_ALL     4u
#define RTC_WDT_RESET_LENGTHS  (7u << 16 | 7u << 13) /* 3.2 us */
#define RTC_WDT_PAUSE_IN_SLEEP (1u << 9)
#define RTC_WDT_FEED_NOW       (1u << 31)
#define RTC_DATE_SLAVES_OFF    (0x3Fu << 13) /* ESP-IDF, soc/rtc_cntl_reg.h: slaves of the digital regulator */
#define RTC_SWD_CONF_AUTO_FEED (1u << 31)
#define RTC_SWD_KEY            0x8F1D312Au
#define WDT_KEY                0x50D83AA1u

/* Timer groups 0 and 1 (TRM, "Timer Group"): bases 0x6001F000 and 0x60020000. */
#define TIMG_WDT_CONFIG0(group) REG(0x6001F048u + 0x1000u * (group))
#define TIMG_WDT_PROTECT(group) REG(0x6001F064u + 0x1000u * (group))

/* System timer (TRM, "System Timer"): base 0x60023000; counts at 16 MHz, from the crystal. */
#define SYSTIMER_CONF          REG(0x60023000u)
#define SYSTIMER_UNIT0_OP      REG(0x60023004u)
#define SYSTIMER_TARGET0_CONF  REG(0x60023034u) /* the period is in bits 25..0 */
#define SYSTIMER_UNIT0_LOW     REG(0x60023044u)
#define SYSTIMER_COMP0_LOAD    REG(0x60023050u)
#define SYSTIMER_CONF_TARGET0  (1u << 24)
#define SYSTIMER_OP_VALID      (1u << 29)
#define SYSTIMER_OP_UPDATE     (1u << 30)
#define SYSTIMER_TARGET_PERIOD (1u << 30) /* an alarm again and again, not once */
#define SYSTIMER_HZ            16000000u

/* System registers (TRM, "System Registers" and "Reset and Clock"): base 0x600C0000. */
#define SYSTEM_CPU_PER_CONF        REG(0x600C0010u)
#define SYSTEM_PERIP_CLK_EN0       REG(0x600C0018u)
#define SYSTEM_PERIP_CLK_EN1       REG(0x600C001Cu)
#define SYSTEM_PERIP_RST_EN0       REG(0x600C0020u)
#define SYSTEM_PERIP_RST_EN1       REG(0x600C0024u)
#define SYSTEM_PERIP0_I2S0         (1u << 4) /* of both CLK_EN0 and RST_EN0 */
#define SYSTEM_PERIP1_DMA          (1u << 6) /* of both CLK_EN1 and RST_EN1 */
#define SYSTEM_SYSCLK_CONF         REG(0x600C0060u)
#define SYSTEM_CPU_PERIOD_MASK     3u
#define SYSTEM_CPU_WAIT_CLOCK_ON   (1u << 3) /* the core keeps its clock while it waits for an interrupt */
#define SYSTEM_CPU_PERIOD(mhz)     ((uint32_t)(mhz) / 80u - 1u)
#define SYSTEM_PLL_480_MHZ         (1u << 2)
#define SYSTEM_SYSCLK_DIVIDER_MASK 0x3FFu /* of the crystal, less one */
#define SYSTEM_SYSCLK_SOURCE_MASK  (3u << 10)
#define SYSTEM_SYSCLK_SOURCE_PLL   (1u << 10)

/* Interrupt matrix of core 0 (TRM, "Interrupt Matrix"): base 0x600C2000, a register for each source, with the number of
   the core's interrupt that it raises. */
#define INTERRUPT_MAP(source) REG(0x600C2000u + 4u * (source))

/* eFuse (TRM, "eFuse Controller"): base 0x60007000. */
#define EFUSE_RD_REPEAT_DATA1 REG(0x60007034u)
#define EFUSE_WDT_DELAY(data) ((data) >> 16 & 3u)

/* I2S0 (TRM, "I2S Controller", "Register Summary"): base 0x6000F000; the receiver alone. */
#define I2S_RX_CONF           REG(0x6000F020u)
#define I2S_RX_CONF1          REG(0x6000F028u)
#define I2S_RX_CLKM_CONF      REG(0x6000F030u)
#define I2S_TX_CLKM_CONF      REG(0x6000F034u)
#define I2S_RX_CLKM_DIV       REG(0x6000F038u)
#define I2S_RX_TDM_CTRL       REG(0x6000F050u)
#define I2S_RX_EOF_NUM        REG(0x6000F064u)
#define I2S_RX_RESET          (1u << 0)
#define I2S_RX_FIFO_RESET     (1u << 1)
#define I2S_RX_START          (1u << 2)
#define I2S_RX_MONO           (1u << 5) /* one slot is stored, not both */
#define I2S_RX_UPDATE         (1u << 8) /* takes the registers over; the hardware clears it */
#define I2S_RX_MONO_FIRST     (1u << 9)
#define I2S_RX_PCM_BYPASS     (1u << 12) /* no A-law or u-law */
#define I2S_RX_LEFT_ALIGN     (1u << 15)
#define I2S_RX_TDM            (1u << 19)
#define I2S_RX_PDM            (1u << 20)
#define I2S_RX_PDM_TO_PCM     (1u << 21) /* samples, of 64 bits each (bit 22: of 128) */
#define I2S_RX_WS_WIDTH(bits) ((bits) - 1u)
#define I2S_RX_BCK_DIV(n)     (((n) - 1u) << 7)
#define I2S_RX_DATA_BITS(n)   (((n) - 1u) << 13)
#define I2S_RX_HALF_BITS(n)   (((n) - 1u) << 18)
#define I2S_RX_SLOT_BITS(n)   (((n) - 1u) << 24)
#define I2S_RX_MSB_SHIFT      (1u << 29) /* Philips: data come one bit clock after WS */
#define I2S_RX_CLK_ACTIVE     (1u << 26)
#define I2S_RX_CLK_CRYSTAL    (0u << 27)
#define I2S_RX_CLK_PLL_160M   (2u << 27)
#define I2S_RX_MCLK_FROM_RX   (1u << 29)
#define I2S_TX_CLK_EN         (1u << 29) /* of the whole module, the receiver included */
#define I2S_RX_DIV_Z(z)       (z)
#define I2S_RX_DIV_Y(y)       ((y) << 9)
#define I2S_RX_DIV_X(x)       ((x) << 18)
#define I2S_RX_DIV_YN1        (1u << 27)
#define I2S_RX_TDM_SLOTS(n)   (((n) - 1u) << 16) /* slots of a frame; bits 15..0 say which are stored */

/* GDMA, receive channel 0 (TRM, "GDMA Controller", "Register Summary"): base 0x6003F000. */
#define GDMA_IN_CONF0             REG(0x6003F000u)
#define GDMA_IN_CONF1             REG(0x6003F004u)
#define GDMA_IN_LINK              REG(0x6003F020u)
#define GDMA_IN_PERI_SEL          REG(0x6003F048u)
#define GDMA_IN_CONF0_RESET       (1u << 0)
#define GDMA_IN_CONF1_CHECK_OWNER (1u << 12)
#define GDMA_IN_LINK_ADDRESS      0xFFFFFu /* the low bits of the first descriptor's address; it is in SRAM */
#define GDMA_IN_LINK_STOP         (1u << 21)
#define GDMA_IN_LINK_START        (1u << 22)
#define GDMA_PERI_I2S0            3u

/* USB Serial/JTAG controller (TRM, chapter of that name): base 0x60038000. */
#define USB_EP1                  REG(0x60038000u)
#define USB_EP1_CONF             REG(0x60038004u)
#define USB_EP1_CONF_WRITE_DONE  (1u << 0)
#define USB_EP1_CONF_IN_FREE     (1u << 1)
#define USB_EP1_CONF_OUT_WAITING (1u << 2)

/* Flash as data accesses see it through the cache: a page at address n of the window has the table's entry n (TRM, "System
   and Memory"; ESP-IDF, soc/ext_mem_defs.h). */
#define FLASH_DATA        0x3C000000u
#define MMU_PAGE_BYTES    0x10000u
#define MMU_PAGES         512u
#define MMU_ENTRY(page)   REG(0x600C5000u + 4u * (page)) /* the page of the flash, in bits 13..0 */
#define MMU_ENTRY_INVALID (1u << 14)

/* Data cache (ESP-IDF, soc/extmem_reg.h): base 0x600C4000. */
#define CACHE_DATA_CTRL1            REG(0x600C4004u)
#define CACHE_DATA_CTRL1_CORE0_SHUT (1u << 0)

/* SPI0, by which the cache reads the flash (ESP-IDF, soc/spi_mem_reg.h): base 0x60003000. */
#define SPI0_CTRL            REG(0x60003008u)
#define SPI0_CTRL2           REG(0x60003010u)
#define SPI0_USER            REG(0x60003018u)
#define SPI0_CTRL_DUMMY_HIGH (1u << 3 | 1u << 18 | 1u << 19) /* the lines are driven high between address and data */
#define SPI0_CTRL2_CS_TIMES  0x3FFu                          /* hold 9..5 and setup 4..0, in clocks less one */
#define SPI0_USER_CS_HOLD    (1u << 6)
#define SPI0_USER_CS_SETUP   (1u << 7)

#endif /* ESP32S3_H */
