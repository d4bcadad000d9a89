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
#define UART_CONF0                 REG(0x60000020u)
#define UART_FSM_STATUS            REG(0x6000006Cu)
#define UART_CLK_CONF              REG(0x60000078u)
#define UART_RX_COUNT(status)      ((status)&0x3FFu)
#define UART_TX_COUNT(status)      (((status) >> 16) & 0x3FFu)
#define UART_TX_STATE_MASK         0xF0u /* 0: the last stop bit has left */
#define UART_CLKDIV_FRACTION_SHIFT 20
#define UART_CONF0_8_BITS          (3u << 2)
#define UART_CONF0_1_STOP          (1u << 4)
#define UART_CONF0_RX_RESET        (1u << 17)
#define UART_CONF0_TX_RESET        (1u << 18)
#define UART_CONF0_CLOCK_ON        (1u << 28) /* memory clock */
#define UART_CLK_CONF_CRYSTAL      (3u << 20)
#define UART_CLK_CONF_ENABLE       (7u << 22 & ~(1u << 23)) /* bit 22: clock; bit 23: reset; bit 24: transmitter */
#define UART_CLK_CONF_RX           (1u << 25)

/* GPIO and IO MUX (TRM, "IO MUX and GPIO Matrix"): bases 0x60004000 and 0x60009000. */
#define GPIO_OUT_SET            REG(0x60004008u)
#define GPIO_OUT_CLEAR          REG(0x6000400Cu)
#define GPIO_ENABLE_SET         REG(0x60004024u)
#define GPIO_OUT_SELECT(pin)    REG(0x60004554u + 4u * (pin))
#define GPIO_OUT_SELECT_GPIO    256u /* the pin follows GPIO_OUT */
#define IO_MUX(pin)             REG(0x60009004u + 4u * (pin))
#define IO_MUX_PULL_UP          (1u << 8)
#define IO_MUX_INPUT            (1u << 9)
#define IO_MUX_DRIVE_20MA       (2u << 10)
#define IO_MUX_FUNCTION(number) ((uint32_t)(number) << 12)

/* Low-power management (TRM, "Low-power Management" and "Watchdog Timers"): base 0x60008000. */
#define RTC_OPTIONS0           REG(0x60008000u)
#define RTC_WDT_CONFIG0        REG(0x60008098u)
#define RTC_WDT_PROTECT        REG(0x600080B0u)
#define RTC_SWD_CONF           REG(0x600080B4u)
#define RTC_SWD_PROTECT        REG(0x600080B8u)
#define RTC_OPTIONS0_PLL_OFF   (1u << 6 | 1u << 8 | 1u << 10) /* force power down of the PLL and its control buses */
#define RTC_OPTIONS0_RESET     (1u << 31)
#define RTC_SWD_CONF_AUTO_FEED (1u << 31)
#define RTC_SWD_KEY            0x8F1D312Au
#define WDT_KEY                0x50D83AA1u

/* Timer groups 0 and 1 (TRM, "Timer Group"): bases 0x6001F000 and 0x60020000. */
#define TIMG_WDT_CONFIG0(group) REG(0x6001F048u + 0x1000u * (group))
#define TIMG_WDT_PROTECT(group) REG(0x6001F064u + 0x1000u * (group))

/* System timer (TRM, "System Timer"): base 0x60023000; counts at 16 MHz, from the crystal. */
#define SYSTIMER_UNIT0_OP  REG(0x60023004u)
#define SYSTIMER_UNIT0_LOW REG(0x60023044u)
#define SYSTIMER_OP_UPDATE (1u << 30)
#define SYSTIMER_HZ        16000000u

/* System registers (TRM, "System Registers" and "Reset and Clock"): base 0x600C0000. */
#define SYSTEM_CPU_PER_CONF        REG(0x600C0010u)
#define SYSTEM_SYSCLK_CONF         REG(0x600C0060u)
#define SYSTEM_CPU_PERIOD_MASK     3u
#define SYSTEM_CPU_PERIOD_160_MHZ  1u
#define SYSTEM_PLL_480_MHZ         (1u << 2)
#define SYSTEM_SYSCLK_DIVIDER_MASK 0x3FFu /* of the crystal, less one */
#define SYSTEM_SYSCLK_SOURCE_MASK  (3u << 10)
#define SYSTEM_SYSCLK_SOURCE_PLL   (1u << 10)

/* Analogue control (ESP-IDF, soc/regi2c_defs.h; not in the TRM): calibration of the PLL. */
#define ANA_CONF0                REG(0x6000E040u)
#define ANA_CONF0_PLL_STOP_HIGH  (1u << 2)
#define ANA_CONF0_PLL_STOP_LOW   (1u << 3)
#define ANA_CONF0_PLL_CALIBRATED (1u << 24)

/* USB Serial/JTAG controller (TRM, chapter of that name): base 0x60038000. */
#define USB_EP1                  REG(0x60038000u)
#define USB_EP1_CONF             REG(0x60038004u)
#define USB_EP1_CONF_WRITE_DONE  (1u << 0)
#define USB_EP1_CONF_IN_FREE     (1u << 1)
#define USB_EP1_CONF_OUT_WAITING (1u << 2)

#endif /* ESP32S3_H */
