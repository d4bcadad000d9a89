/* Stand-in: ESP-IDF Programming Guide, "Error Handling". */
#pragma once
#include <stdlib.h>
typedef int esp_err_t;
enum { ESP_OK = 0, ESP_FAIL = -1, ESP_ERR_INVALID_STATE = 0x103 };
#define ESP_ERROR_CHECK(x)                                                                                             \
    do {                                                                                                               \
        if ((x) != ESP_OK) {                                                                                           \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)
