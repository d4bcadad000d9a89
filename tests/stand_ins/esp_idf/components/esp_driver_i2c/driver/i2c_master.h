/* Stand-in: ESP-IDF Programming Guide 5, "Inter-Integrated Circuit (I2C)", master. */
#pragma once
#include "esp_err.h"
#include "hal/gpio_types.h"
typedef struct stand_in_bus *i2c_master_bus_handle_t;
enum { I2C_NUM_0 = 0, I2C_CLK_SRC_DEFAULT = 1 };
typedef struct {
    int i2c_port;
    gpio_num_t sda_io_num, scl_io_num;
    int clk_source;
    uint8_t glitch_ignore_cnt;
    struct {
        uint32_t enable_internal_pullup : 1;
    } flags;
} i2c_master_bus_config_t;
static inline esp_err_t i2c_new_master_bus(const i2c_master_bus_config_t *config, i2c_master_bus_handle_t *bus)
{
    *bus = NULL;
    return config->sda_io_num >= 0 && config->scl_io_num >= 0 ? ESP_OK : ESP_FAIL;
}
