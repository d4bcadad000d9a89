/*
 * Clock tree. See clocks.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clocks.h"

#include "bare.h"
#include "board.h"
#include "rp2040.h"

/* VCO 750 to 1600 MHz; output = crystal * feedback / (divider 1 * divider 2), divider 1 the larger (2.18.2). */
struct pll_setting {
    uint32_t feedback;
    uint32_t divider1;
    uint32_t divider2;
};
static const struct pll_setting PLL_SYS_125_MHZ = {125, 6, 2}; /* VCO 1500 MHz */
static const struct pll_setting PLL_USB_48_MHZ = {100, 5, 5};  /* VCO 1200 MHz */

enum {
    XOSC_STARTUP_1_MS = 47,  /* 1 ms * 12 MHz / 256, rounded up (2.16.3) */
    PATIENCE_TURNS = 100000, /* more than 50 ms with the ring oscillator, whose 12 MHz are its most (2.17) */
};

void await_bits(const volatile uint32_t *reg, uint32_t bits)
{
    for (uint32_t turns = 0; (*reg & bits) != bits; turns++) {
        if (turns == PATIENCE_TURNS) {
            board_indicate(true);
        }
    }
}

void subsystems_restart(uint32_t reset_bits)
{
    reg_set(&RESETS->reset, reset_bits);
    reg_clear(&RESETS->reset, reset_bits);
    await_bits(&RESETS->reset_done, reset_bits);
}

static void start_crystal(void)
{
    XOSC->ctrl = XOSC_CTRL_RANGE_1_15MHZ;
    XOSC->startup = XOSC_STARTUP_1_MS;
    reg_set(&XOSC->ctrl, XOSC_CTRL_ENABLE);
    await_bits(&XOSC->status, XOSC_STATUS_STABLE);
}

static void start_pll(struct pll_regs *pll, uint32_t reset_bit, const struct pll_setting *setting)
{
    subsystems_restart(reset_bit);
    pll->cs = PLL_CS_REFDIV_1;
    pll->fbdiv_int = setting->feedback;
    reg_clear(&pll->pwr, PLL_PWR_PD | PLL_PWR_VCOPD);
    await_bits(&pll->cs, PLL_CS_LOCK);
    pll->prim = setting->divider1 << PLL_PRIM_POSTDIV1_SHIFT | setting->divider2 << PLL_PRIM_POSTDIV2_SHIFT;
    reg_clear(&pll->pwr, PLL_PWR_POSTDIVPD);
}

/* Glitch-free multiplexers: wait until the new source has taken over (2.15.3.2). */
static void select_source(struct clock_regs *clock, uint32_t source)
{
    clock->ctrl = source;
    await_bits(&clock->selected, 1u << source);
}

void clocks_init(void)
{
    *CLK_SYS_RESUS_CTRL = 0;
    start_crystal();

    /* No clock may come from the PLLs while they change: a debugger may have left them running. */
    select_source(CLK_SYS, CLK_SYS_SRC_REF);
    select_source(CLK_REF, CLK_REF_SRC_XOSC);
    CLK_REF->div = CLK_DIV_BY_1;

    start_pll(PLL_SYS, RESET_PLL_SYS, &PLL_SYS_125_MHZ);
    start_pll(PLL_USB, RESET_PLL_USB, &PLL_USB_48_MHZ);

    CLK_SYS->div = CLK_DIV_BY_1;
    select_source(CLK_SYS, CLK_SYS_SRC_AUX);
    CLK_PERI->ctrl = CLK_CTRL_ENABLE;
    CLK_USB->div = CLK_DIV_BY_1;
    CLK_USB->ctrl = CLK_CTRL_ENABLE;
    CLK_ADC->div = CLK_DIV_BY_1;
    CLK_ADC->ctrl = CLK_CTRL_ENABLE;
    subsystems_restart(RESET_TIMER);
}
