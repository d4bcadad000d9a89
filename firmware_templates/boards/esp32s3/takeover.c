/*
 * Take-over from the program before this one. See takeover.h. It uses no variables, as they have no values yet.
 *
 * A reset of the core alone leaves all peripherals as they are (TRM, "Reset and Clock"). ESP-IDF ends a program with one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "takeover.h"

#include "esp32s3.h"

/* Both stay in reset until the microphone's driver takes them. */
static void stop_dma(void)
{
    SYSTEM_PERIP_CLK_EN1 |= SYSTEM_PERIP1_DMA;
    SYSTEM_PERIP_RST_EN1 |= SYSTEM_PERIP1_DMA;
    SYSTEM_PERIP_CLK_EN0 |= SYSTEM_PERIP0_I2S0;
    SYSTEM_PERIP_RST_EN0 |= SYSTEM_PERIP0_I2S0;
}

void take_over(void)
{
    stop_dma();
    UART_FLOW_CONF = 0;
}
