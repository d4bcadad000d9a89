/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_adc. */
#pragma once
#include "pico/stdlib.h"
typedef struct {
    volatile uint32_t fifo;
} adc_hw_t;
extern adc_hw_t *const adc_hw;
static inline void adc_init(void)
{
}
static inline void adc_gpio_init(uint gpio)
{
    if (gpio < 26) {
        abort();
    }
}
static inline void adc_select_input(uint input)
{
    (void)input;
}
static inline void adc_fifo_setup(bool en, bool dreq_en, uint16_t dreq_thresh, bool err_in_fifo, bool byte_shift)
{
    if (!en || !dreq_en || dreq_thresh != 1 || err_in_fifo || byte_shift) {
        abort();
    }
}
static inline void adc_set_clkdiv(float clkdiv)
{
    if (clkdiv < 2998.9f || clkdiv > 2999.1f) {
        abort();
    }
}
static inline void adc_run(bool run)
{
    (void)run;
}
