// An analogue microphone module, biased to half the supply, on GP26, with the core arduino-pico. See microphone.h.
//
// SPDX-License-Identifier: Apache-2.0
#include <ADCInput.h>
#include <Arduino.h>
#include <wakeword.h>

#include "microphone.h"

const int32_t gain = 16; // 12 bits to 16
const int32_t middle = 2048;

static ADCInput microphone(A0);

bool microphone_begin()
{
    microphone.setBuffers(8, 128); // words of two samples: 128 ms
    return microphone.begin(WAKEWORD_SAMPLE_RATE_HZ);
}

size_t microphone_read(int16_t *samples, size_t max)
{
    static int64_t mean = static_cast<int64_t>(middle * gain) << 16;
    size_t count = 0;
    while (count < max && microphone.available() > 0) {
        samples[count++] = wakeword_sample((microphone.read() & 0xFFF) * gain, &mean, 0);
    }
    return count;
}
