/*
 * I2S0, the receiver. See i2s.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "i2s.h"

#include "clock.h"
#include "esp32s3.h"
#include "i2s_clock.h"

enum {
    SAMPLE_RATE_HZ = 16000,
    SLOTS = 2,
    SLOT_BITS = 32,
    MASTER_CLOCKS = 256, /* of a sample: what the codecs are set to */
    BCK_DIV = MASTER_CLOCKS / (SLOTS * SLOT_BITS),
    PDM_BITS = 16,
    PDM_CLOCKS = 64, /* of a sample, which the filter takes down to one */
    PDM_BCK_DIV = 8, /* the least that the filter works with */
    UPDATE_POLLS = 10000,
};
/* Which slots are stored, in bits of RX_TDM_CTRL. In PDM the right one comes first. */
enum { STANDARD_LEFT = 1, STANDARD_RIGHT = 2, PDM_RIGHT = 1, PDM_LEFT = 2 };

/* First the divider is 2 without a fraction: a step between two fractions can come out doubled. */
static void set_divider(uint32_t source, const struct i2s_divider *divider)
{
    I2S_RX_CLKM_CONF = source | 2u;
    I2S_RX_CLKM_DIV = I2S_RX_DIV_Y(1u);
    I2S_RX_CLKM_DIV = I2S_RX_DIV_X(divider->x) | I2S_RX_DIV_Y(divider->y) | I2S_RX_DIV_Z(divider->z) |
                      (divider->yn1 ? I2S_RX_DIV_YN1 : 0u);
    I2S_RX_CLKM_CONF = source | divider->whole;
}

static bool start_clock(uint32_t module_hz)
{
    const bool pll = clock_from_pll();
    struct i2s_divider divider;

    if (!i2s_divide(pll ? PLL_160M_HZ : CRYSTAL_HZ, module_hz, &divider)) {
        return false;
    }
    SYSTEM_PERIP_CLK_EN0 |= SYSTEM_PERIP0_I2S0;
    SYSTEM_PERIP_RST_EN0 |= SYSTEM_PERIP0_I2S0;
    SYSTEM_PERIP_RST_EN0 &= ~SYSTEM_PERIP0_I2S0;
    I2S_TX_CLKM_CONF |= I2S_TX_CLK_EN;
    set_divider(I2S_RX_CLK_ACTIVE | I2S_RX_MCLK_FROM_RX | (pll ? I2S_RX_CLK_PLL_160M : I2S_RX_CLK_CRYSTAL), &divider);
    return true;
}

bool i2s_init_standard(bool right_slot)
{
    if (!start_clock(MASTER_CLOCKS * SAMPLE_RATE_HZ)) {
        return false;
    }
    I2S_RX_CONF = I2S_RX_TDM | I2S_RX_MONO | I2S_RX_MONO_FIRST | I2S_RX_PCM_BYPASS | I2S_RX_LEFT_ALIGN;
    I2S_RX_CONF1 = I2S_RX_WS_WIDTH(SLOT_BITS) | I2S_RX_BCK_DIV((uint32_t)BCK_DIV) | I2S_RX_DATA_BITS(SLOT_BITS) |
                   I2S_RX_HALF_BITS(SLOT_BITS) | I2S_RX_SLOT_BITS(SLOT_BITS) | I2S_RX_MSB_SHIFT;
    I2S_RX_TDM_CTRL = I2S_RX_TDM_SLOTS(SLOTS) | (right_slot ? STANDARD_RIGHT : STANDARD_LEFT);
    return true;
}

bool i2s_init_pdm(bool right_slot)
{
    if (!start_clock(PDM_BCK_DIV * PDM_CLOCKS * SAMPLE_RATE_HZ)) {
        return false;
    }
    I2S_RX_CONF = I2S_RX_PDM | I2S_RX_PDM_TO_PCM | I2S_RX_PCM_BYPASS | I2S_RX_LEFT_ALIGN;
    I2S_RX_CONF1 = I2S_RX_BCK_DIV((uint32_t)PDM_BCK_DIV) | I2S_RX_DATA_BITS(PDM_BITS) | I2S_RX_HALF_BITS(PDM_BITS) |
                   I2S_RX_SLOT_BITS(PDM_BITS) | I2S_RX_MSB_SHIFT;
    I2S_RX_TDM_CTRL = right_slot ? PDM_RIGHT : PDM_LEFT;
    return true;
}

void i2s_reset(uint32_t block_bytes)
{
    I2S_RX_CONF |= I2S_RX_RESET;
    I2S_RX_CONF &= ~I2S_RX_RESET;
    I2S_RX_CONF |= I2S_RX_FIFO_RESET;
    I2S_RX_CONF &= ~I2S_RX_FIFO_RESET;
    I2S_RX_EOF_NUM = block_bytes;
}

void i2s_start(void)
{
    I2S_RX_CONF |= I2S_RX_UPDATE;
    for (int i = 0; i < UPDATE_POLLS && (I2S_RX_CONF & I2S_RX_UPDATE) != 0; i++) {
    }
    I2S_RX_CONF |= I2S_RX_START;
}

void i2s_stop(void)
{
    I2S_RX_CONF &= ~I2S_RX_START;
}
