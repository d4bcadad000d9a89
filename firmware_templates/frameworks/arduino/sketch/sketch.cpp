// Listens for the wake word, prints it, and lights the board's LED for a second.
//
// SPDX-License-Identifier: Apache-2.0
#include <Arduino.h>
#include <wakeword.h>

#include "microphone.h"

const size_t block_samples = WAKEWORD_SAMPLE_RATE_HZ / 100;
const unsigned long indicate_ms = 1000;

static int16_t samples[block_samples];
static unsigned long lit_since;
static bool lit;

static void indicate(bool on)
{
    lit = on;
    lit_since = millis();
    digitalWrite(INDICATOR_PIN, on == INDICATOR_IS_HIGH ? HIGH : LOW);
}

static void stop(const char *reason)
{
    for (;;) {
        Serial.println(reason);
        delay(1000);
    }
}

void setup()
{
    Serial.begin(115200);
    pinMode(INDICATOR_PIN, OUTPUT);
    indicate(false);
    if (!wakeword_begin()) {
        stop("the settings of a detector in ww_config.c are out of range");
    }
    if (!microphone_begin()) {
        stop("the microphone cannot be started");
    }
}

void loop()
{
    const uint32_t words = wakeword_hear(samples, microphone_read(samples, block_samples));
    for (unsigned word = 0; word < WAKEWORD_COUNT; word++) {
        if ((words >> word & 1u) != 0) {
            Serial.print("heard ");
            Serial.println(wakeword_phrase(word));
            indicate(true);
        }
    }
    if (lit && millis() - lit_since >= indicate_ms) {
        indicate(false);
    }
}
