/* Stand-in: Raspberry Pi Pico-series C/C++ SDK, hardware_pio. */
#pragma once
#include "pico/stdlib.h"
typedef struct {
    volatile uint32_t rxf[4];
} pio_hw_t;
typedef pio_hw_t *PIO;
typedef struct {
    int offset;
} pio_sm_config;
typedef struct pio_program {
    uint length;
} pio_program_t;
enum { PIO_FIFO_JOIN_RX = 2 };
extern pio_hw_t *const pio0;
static inline int pio_claim_unused_sm(PIO pio, bool required)
{
    (void)pio, (void)required;
    return 0;
}
static inline int pio_add_program(PIO pio, const struct pio_program *program)
{
    (void)pio;
    return program->length > 32 ? -1 : 0;
}
static inline void sm_config_set_sideset_pins(pio_sm_config *config, uint pin)
{
    (void)config, (void)pin;
}
static inline void sm_config_set_in_pins(pio_sm_config *config, uint pin)
{
    (void)config, (void)pin;
}
static inline void sm_config_set_in_shift(pio_sm_config *config, bool right, bool autopush, uint threshold)
{
    (void)config, (void)right, (void)autopush, (void)threshold;
}
static inline void sm_config_set_fifo_join(pio_sm_config *config, int join)
{
    (void)config, (void)join;
}
static inline void sm_config_set_clkdiv(pio_sm_config *config, float divider)
{
    (void)config;
    if (divider < 1.0f) {
        abort();
    }
}
static inline void pio_gpio_init(PIO pio, uint pin)
{
    (void)pio, (void)pin;
}
static inline void pio_sm_set_consecutive_pindirs(PIO pio, uint sm, uint pin, uint count, bool out)
{
    (void)pio, (void)sm, (void)pin, (void)count, (void)out;
}
static inline int pio_sm_init(PIO pio, uint sm, uint offset, const pio_sm_config *config)
{
    (void)pio, (void)sm, (void)offset, (void)config;
    return 0;
}
static inline uint pio_get_dreq(PIO pio, uint sm, bool tx)
{
    (void)pio, (void)tx;
    return 4 + sm;
}
static inline void pio_sm_set_enabled(PIO pio, uint sm, bool on)
{
    (void)pio, (void)sm, (void)on;
}
