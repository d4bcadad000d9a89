// Stand-in: documentation of arduino-pico, "ADC Input Library".
#pragma once
#include "Arduino.h"
#include "stdin_audio.h"

struct ADCInput : Stream {
    explicit ADCInput(int pin) : from(pin)
    {
    }
    bool setBuffers(std::size_t buffers, std::size_t words)
    {
        return buffers > 2 && words > 0;
    }
    bool begin(long rate)
    {
        return rate == 16000 && from >= 26;
    }
    int available()
    {
        return 160;
    }
    int read()
    {
        return (stdin_sample() >> 4) + 2048;
    }
    int from;
};
