/*
 * Take-over from a boot loader. See takeover.h. It uses no variables, as they have no values yet.
 *
 * Arduino's boot loader leaves UARTE0 receiving one byte at 0x20009BD4, PWM0 on the LED's pin and its memory protection
 * on (wwtool/emulators/nrf52840/start.yaml). Adafruit's may leave USB attached. A program that jumps here may leave more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "takeover.h"

#include "nrf52840.h"
#include "usb_power.h"

/* EasyDMA writes until the receiver has stopped. */
static void stop_uart(void)
{
    UARTE0->shorts = 0;
    UARTE0->intenclr = 0xFFFFFFFFu;
    if (UARTE0->enable == UARTE_ENABLED) {
        UARTE0->events_rxto = 0;
        UARTE0->tasks_stoprx = 1;
        (void)wait_for(&UARTE0->events_rxto, 1);
        UARTE0->events_txstopped = 0;
        UARTE0->tasks_stoptx = 1;
        (void)wait_for(&UARTE0->events_txstopped, 1);
    }
    UARTE0->enable = 0;
    UARTE0->events_rxdrdy = 0;
    UARTE0->events_endrx = 0;
    UARTE0->events_endtx = 0;
    UARTE0->events_rxto = 0;
    UARTE0->events_rxstarted = 0;
    UARTE0->events_txstopped = 0;
}

static void stop_microphone(void)
{
    PDM->intenclr = 0xFFFFFFFFu;
    if (PDM->enable != 0) {
        PDM->events_stopped = 0;
        PDM->tasks_stop = 1;
        (void)wait_for(&PDM->events_stopped, 1);
    }
    PDM->enable = 0;
}

static void stop_pwm(void)
{
    *PWM0_TASKS_STOP = 1;
    *PWM0_ENABLE = 0;
    *PWM0_PSEL_OUT0 = PSEL_DISCONNECTED;
}

void take_over(void)
{
    *SYSTICK_CSR = 0;
    for (uint32_t i = 0; i < NVIC_WORDS; i++) {
        *NVIC_ICER(i) = 0xFFFFFFFFu;
        *NVIC_ICPR(i) = 0xFFFFFFFFu;
    }
    *MPU_CTRL = 0;
    *PPI_CHENCLR = 0xFFFFFFFFu;
    stop_uart();
    stop_microphone();
    stop_pwm();
    usb_detach();
    TIMER0->intenclr = 0xFFFFFFFFu;
}
