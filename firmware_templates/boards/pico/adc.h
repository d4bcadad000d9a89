/*
 * Microphone: an analogue one (electret amplifier, MEMS) on GP26, sampled at 16 kHz by the ADC and two chained DMAs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PICO_ADC_H
#define PICO_ADC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void adc_init(void);

/* Starts or stops sampling; both forget what is buffered. */
void adc_enable(bool on);

bool adc_waiting(void);
size_t adc_read(int16_t *samples, size_t max);

/* Samples lost because nobody read them in time. */
uint32_t adc_overruns(void);

void adc_dma_handler(void);

#endif /* PICO_ADC_H */
