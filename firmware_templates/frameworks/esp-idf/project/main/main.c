/*
 * Listens for the wake word, says so in the log, and lights the indicator for a second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>

#include "driver/gpio.h"
#include "esp_err.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "microphone.h"
#include "sdkconfig.h"
#include "wakeword.h"

enum { BLOCK_SAMPLES = WAKEWORD_SAMPLE_RATE_HZ / 100, INDICATE_US = 1000000 };
#ifdef CONFIG_WAKEWORD_INDICATOR_LOW
enum { INDICATOR_ON = 0 };
#else
enum { INDICATOR_ON = 1 };
#endif

static const char TAG[] = "wakeword";

static void indicate(bool on)
{
    if (CONFIG_WAKEWORD_INDICATOR >= 0) {
        gpio_set_level((gpio_num_t)CONFIG_WAKEWORD_INDICATOR, on ? INDICATOR_ON : !INDICATOR_ON);
    }
}

static void report(uint32_t words)
{
    for (unsigned word = 0; word < WAKEWORD_COUNT; word++) {
        if ((words >> word & 1u) != 0) {
            ESP_LOGI(TAG, "heard \"%s\"", wakeword_phrase(word));
        }
    }
}

void app_main(void)
{
    static int16_t samples[BLOCK_SAMPLES];
    int64_t off_at = 0;

    if (CONFIG_WAKEWORD_INDICATOR >= 0) {
        gpio_reset_pin((gpio_num_t)CONFIG_WAKEWORD_INDICATOR);
        gpio_set_direction((gpio_num_t)CONFIG_WAKEWORD_INDICATOR, GPIO_MODE_OUTPUT);
    }
    indicate(false);
    ESP_ERROR_CHECK(wakeword_begin() ? ESP_OK : ESP_ERR_INVALID_STATE);
    ESP_ERROR_CHECK(microphone_start());
    ESP_LOGI(TAG, "listening for \"%s\"", wakeword_phrase(0));
    for (;;) {
        const size_t count = microphone_read(samples, BLOCK_SAMPLES);
        if (count == 0) {
            ESP_LOGW(TAG, "the microphone is silent; are its pins right?");
            continue;
        }
        const uint32_t words = wakeword_hear(samples, count);
        if (words != 0) {
            report(words);
            indicate(true);
            off_at = esp_timer_get_time() + INDICATE_US;
        } else if (off_at != 0 && esp_timer_get_time() >= off_at) {
            indicate(false);
            off_at = 0;
        }
    }
}
