/*
 * Microphone: an analogue one (electret amplifier, MEMS) on GP26, sampled at 16 kHz by the ADC and two chained DMAs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_ADC_H
#define PICO_ADC_H

#include "bare.h"

void adc_init(void);

bool microphone_waiting(void);

/* The mean of what the input had of late, in thousandths of the supply. */
uint32_t microphone_rest(void);

void adc_dma_handler(void);

#endif /* PICO_ADC_H */
