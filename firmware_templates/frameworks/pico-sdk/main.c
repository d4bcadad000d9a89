/*
 * Listens for the wake word, prints it on USB and UART, and lights the board's LED for a second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "hardware/sync.h"
#include "microphone.h"
#include "pico/stdlib.h"
#include "wakeword.h"

enum { BLOCK_SAMPLES = WAKEWORD_SAMPLE_RATE_HZ / 100, INDICATE_US = 1000000 };

static void led_init(void)
{
#ifdef PICO_DEFAULT_LED_PIN /* not on boards whose LED hangs on the radio chip */
    gpio_init(PICO_DEFAULT_LED_PIN);
    gpio_set_dir(PICO_DEFAULT_LED_PIN, true);
#endif
}

static void led(bool on)
{
#ifdef PICO_DEFAULT_LED_PIN
    gpio_put(PICO_DEFAULT_LED_PIN, on);
#else
    (void)on;
#endif
}

int main(void)
{
    int16_t samples[BLOCK_SAMPLES];
    absolute_time_t off_at = get_absolute_time();

    stdio_init_all();
    led_init();
    if (!wakeword_begin()) {
        panic("the settings of a detector in ww_config.c are out of range");
    }
    microphone_start();
    for (;;) {
        const size_t count = microphone_read(samples, BLOCK_SAMPLES);
        const uint32_t words = wakeword_hear(samples, count);
        for (unsigned word = 0; word < WAKEWORD_COUNT; word++) {
            if ((words >> word & 1u) != 0) {
                printf("heard \"%s\"\n", wakeword_phrase(word));
                off_at = make_timeout_time_us(INDICATE_US);
                led(true);
            }
        }
        if (time_reached(off_at)) {
            led(false);
        }
        if (count == 0) {
            __wfi(); /* until the next block of samples, 4 ms at most */
        }
    }
}
