/*
 * Registers of the STM32F405 that this board uses. Numbers in brackets are sections of the reference manual, RM0090.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STM32F405_H
#define STM32F405_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Reset and clock control [7.3] */
#define RCC_CR                 REGISTER(0x40023800u)
#define RCC_PLLCFGR            REGISTER(0x40023804u)
#define RCC_CFGR               REGISTER(0x40023808u)
#define RCC_AHB1ENR            REGISTER(0x40023830u)
#define RCC_APB1ENR            REGISTER(0x40023840u)
#define RCC_CR_HSIRDY          (1u << 1)
#define RCC_CR_HSEON           (1u << 16)
#define RCC_CR_HSERDY          (1u << 17)
#define RCC_CR_PLLON           (1u << 24)
#define RCC_CR_PLLRDY          (1u << 25)
#define RCC_PLLCFGR_SOURCE_HSE (1u << 22)
#define RCC_CFGR_SWITCH_PLL    (2u << 0)
#define RCC_CFGR_STATUS_MASK   (3u << 2)
#define RCC_CFGR_STATUS_PLL    (2u << 2)
#define RCC_CFGR_APB1_BY_4     (5u << 10)
#define RCC_CFGR_APB2_BY_2     (4u << 13)
#define RCC_AHB1ENR_GPIOB      (1u << 1)
#define RCC_AHB1ENR_GPIOC      (1u << 2)
#define RCC_APB1ENR_USART3     (1u << 18)

/* Flash interface [3.9] */
#define FLASH_ACR        REGISTER(0x40023C00u)
#define FLASH_ACR_CACHES (1u << 8 | 1u << 9 | 1u << 10) /* prefetch, instructions, data */

/* Ports [8.4]; two bits a pin in MODER and PUPDR, four in AFR. */
struct gpio_regs {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afr[2];
};
#define GPIOB ((struct gpio_regs *)0x40020400u)
#define GPIOC ((struct gpio_regs *)0x40020800u)
enum { GPIO_OUTPUT = 1, GPIO_ALTERNATE = 2, GPIO_PULL_UP = 1, GPIO_AF_USART3 = 7 };

/* USART3 [30.6] */
struct usart_regs {
    volatile uint32_t sr, dr, brr, cr1, cr2, cr3;
};
#define USART3           ((struct usart_regs *)0x40004800u)
#define USART_SR_ORE     (1u << 3)
#define USART_SR_RXNE    (1u << 5)
#define USART_SR_TC      (1u << 6)
#define USART_SR_TXE     (1u << 7)
#define USART_CR1_RE     (1u << 2)
#define USART_CR1_TE     (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_CR1_UE     (1u << 13)

/* Independent watchdog, clocked at about 32 kHz [21.4], and its stop under a debugger [38.16.4] */
#define IWDG_KR          REGISTER(0x40003000u)
#define IWDG_PR          REGISTER(0x40003004u)
#define IWDG_RLR         REGISTER(0x40003008u)
#define IWDG_KEY_FEED    0xAAAAu
#define IWDG_KEY_ACCESS  0x5555u
#define IWDG_KEY_START   0xCCCCu
#define DBGMCU_APB1_FZ   REGISTER(0xE0042008u)
#define DBGMCU_IWDG_STOP (1u << 12)

/* The core: ARMv7-M architecture reference manual B3 */
#define SYSTICK_CSR     REGISTER(0xE000E010u)
#define SYSTICK_RVR     REGISTER(0xE000E014u)
#define SYSTICK_CVR     REGISTER(0xE000E018u)
#define SYSTICK_CSR_RUN (1u << 0 | 1u << 1 | 1u << 2) /* on, interrupt, core clock */
#define SCB_CPACR       REGISTER(0xE000ED88u)
#define CPACR_FPU       (0xFu << 20)
#define NVIC_ISER(n)    REGISTER(0xE000E100u + 4u * (n))

enum { IRQ_USART3 = 39, IRQ_COUNT = 82 }; /* [12.2, table 62] */

#endif /* STM32F405_H */
