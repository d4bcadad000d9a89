// The PDM microphone of a Nano 33 BLE Sense. See microphone.h.
//
// SPDX-License-Identifier: Apache-2.0
#include <Arduino.h>
#include <PDM.h>
#include <wakeword.h>

#include "microphone.h"

const size_t ring_samples = 2048; // 128 ms: longer than any inference that keeps up
const int channels = 1;

static int16_t ring[ring_samples];
static volatile uint32_t in, out; // counts of samples, wrapping

static void receive()
{
    static int16_t block[512];
    const size_t count = static_cast<size_t>(PDM.read(block, sizeof block)) / sizeof block[0];
    uint32_t at = in;
    for (size_t i = 0; i < count && at - out < ring_samples; i++) {
        ring[at++ % ring_samples] = block[i];
    }
    in = at;
}

bool microphone_begin()
{
    PDM.onReceive(receive);
    return PDM.begin(channels, WAKEWORD_SAMPLE_RATE_HZ) != 0;
}

size_t microphone_read(int16_t *samples, size_t max)
{
    static int64_t mean;
    const uint32_t at = out, available = in - at;
    const size_t count = max < available ? max : available;
    for (size_t i = 0; i < count; i++) {
        samples[i] = wakeword_sample(ring[(at + i) % ring_samples], &mean, 0);
    }
    out = at + static_cast<uint32_t>(count);
    return count;
}
