/* Stand-in: what ESP-IDF's drivers know of pins. */
#pragma once
typedef enum { GPIO_NUM_NC = -1, GPIO_NUM_MAX = 49 } gpio_num_t;
