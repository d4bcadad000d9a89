/* Stand-in: Zephyr's documentation, "General-Purpose Input/Output (GPIO)". */
#pragma once
#include "zephyr/devicetree.h"
struct gpio_dt_spec {
    const struct device *port;
};
enum { GPIO_OUTPUT_INACTIVE = 1 };
#define GPIO_DT_SPEC_GET(node, property) {&node}
static inline int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, int flags)
{
    return device_is_ready(spec->port) && flags == GPIO_OUTPUT_INACTIVE ? 0 : -1;
}
static inline int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value)
{
    return device_is_ready(spec->port) && value >= 0 ? 0 : -1;
}
