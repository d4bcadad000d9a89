// Stand-in: documentation of arduino-esp32 3, "I2S".
#pragma once
#include "Arduino.h"
#include "stdin_audio.h"

enum i2s_mode_t { I2S_MODE_STD, I2S_MODE_PDM_RX };
enum i2s_data_bit_width_t { I2S_DATA_BIT_WIDTH_16BIT = 16, I2S_DATA_BIT_WIDTH_32BIT = 32 };
enum i2s_slot_mode_t { I2S_SLOT_MODE_MONO = 1 };
enum { I2S_STD_SLOT_LEFT = 1, I2S_STD_SLOT_RIGHT = 2, I2S_PDM_SLOT_RIGHT = 1, I2S_PDM_SLOT_LEFT = 2 };
struct I2SClass : Stream {
    void setPins(int8_t bclk, int8_t ws, int8_t dout, int8_t din = -1, int8_t mclk = -1)
    {
        ready = bclk >= 0 && ws >= 0 && dout == -1 && din >= 0 && mclk >= -1;
    }
    void setPinsPdmRx(int8_t clk, int8_t din0)
    {
        ready = clk >= 0 && din0 >= 0;
    }
    bool begin(i2s_mode_t, uint32_t rate, i2s_data_bit_width_t bits, i2s_slot_mode_t, int8_t)
    {
        width = bits / 8;
        return ready && rate == 16000;
    }
    std::size_t readBytes(char *buffer, std::size_t size)
    {
        for (std::size_t i = 0; i < size / width; i++) {
            const int16_t sample = stdin_sample();
            const int32_t level = sample * (1 << 13);
            memcpy(buffer + i * width, width == 2 ? static_cast<const void *>(&sample) : &level, width);
        }
        return size;
    }
    bool ready = false;
    std::size_t width = 2;
};
