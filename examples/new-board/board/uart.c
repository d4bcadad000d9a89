/*
 * USART3. See board.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "ring.h"
#include "stm32f405.h"

enum {
    PIN_TX = 10,
    PIN_RX = 11,
    RX_BYTES = 2048, /* a whole PCM block and the next command, while an inference runs */
    MAX_ERROR_PERCENT = 2,
};

static uint8_t rx_bytes[RX_BYTES];
static struct ring rx;

static void set_alternate(uint32_t pin)
{
    GPIOB->moder = (GPIOB->moder & ~(3u << 2u * pin)) | (uint32_t)GPIO_ALTERNATE << 2u * pin;
    GPIOB->afr[pin / 8u] = (GPIOB->afr[pin / 8u] & ~(15u << 4u * (pin % 8u))) | (uint32_t)GPIO_AF_USART3
                                                                                    << 4u * (pin % 8u);
}

void uart_init(uint32_t baud)
{
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOB;
    RCC_APB1ENR |= RCC_APB1ENR_USART3;
    (void)RCC_APB1ENR; /* two bus cycles until the clock is there: errata sheet ES0182, 2.1.13 */
    set_alternate(PIN_TX);
    set_alternate(PIN_RX);
    GPIOB->pupdr |= (uint32_t)GPIO_PULL_UP << 2u * PIN_RX; /* an open line reads as idle */
    ring_init(&rx, rx_bytes, RX_BYTES);
    (void)uart_set_baud(baud);
    NVIC_ISER(IRQ_USART3 / 32u) = 1u << IRQ_USART3 % 32u;
}

void uart_handler(void)
{
    uint32_t status;

    while (((status = USART3->sr) & (USART_SR_RXNE | USART_SR_ORE)) != 0) {
        const uint8_t byte = (uint8_t)USART3->dr; /* read after SR, this clears an overrun, too [30.6.1] */
        if ((status & USART_SR_RXNE) != 0) {
            (void)ring_put(&rx, byte);
        }
    }
}

bool uart_waiting(void)
{
    return ring_count(&rx) != 0;
}

size_t uart_read(uint8_t *bytes, size_t max)
{
    return ring_take(&rx, bytes, max);
}

void uart_write(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while ((USART3->sr & USART_SR_TXE) == 0) {
        }
        USART3->dr = bytes[i];
    }
}

bool uart_set_baud(uint32_t baud)
{
    if (baud == 0 || baud > APB1_HZ / 16u) {
        return false;
    }
    const uint32_t divider = (APB1_HZ + baud / 2u) / baud; /* 30.3.4: four bits of it are a fraction, times 16 a bit */
    const uint32_t made = APB1_HZ / divider;
    const uint32_t error = made > baud ? made - baud : baud - made;
    if (divider > 0xFFFFu || error * 100u > baud * MAX_ERROR_PERCENT) {
        return false;
    }
    if ((USART3->cr1 & USART_CR1_UE) != 0) {
        while ((USART3->sr & USART_SR_TC) == 0) {
        }
    }
    USART3->cr1 = 0;
    USART3->brr = divider;
    USART3->cr1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    return true;
}
