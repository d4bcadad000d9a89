// Stand-in: Arduino's reference of the library PDM. A block comes whenever the sketch looks.
#pragma once
#include <cstdint>

#include "stdin_audio.h"

struct PDMClass {
    void onReceive(void (*function)())
    {
        receive = function;
    }
    int begin(int channels, int rate)
    {
        return channels == 1 && rate == 16000 && receive != nullptr;
    }
    int read(void *buffer, std::size_t size)
    {
        const int bytes = size < 512 ? static_cast<int>(size) : 512;
        for (int i = 0; i < bytes / 2; i++) {
            static_cast<int16_t *>(buffer)[i] = stdin_sample();
        }
        return bytes;
    }
    void (*receive)() = nullptr;
};
extern PDMClass PDM;
