/* Stand-in: Zephyr's documentation, "Devicetree API". */
#pragma once
#include <stdbool.h>
struct device {
    const char *name;
};
static const struct device stand_in_dmic_dev = {"dmic_dev"}, stand_in_led0 = {"led0"};
#define DT_NODELABEL(label) stand_in_##label
#define DT_ALIAS(alias)     stand_in_##alias
#define DEVICE_DT_GET(node) (&node)
static inline bool device_is_ready(const struct device *device)
{
    return device->name != 0;
}
