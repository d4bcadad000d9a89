/* Stand-in: ESP-IDF Programming Guide, "Logging Library". */
#pragma once
#include <stdio.h>
#define ESP_LOGI(tag, ...) (printf("%s: ", tag), printf(__VA_ARGS__), printf("\n"))
#define ESP_LOGW           ESP_LOGI
