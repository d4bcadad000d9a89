// Stand-in: Arduino's language reference.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

enum { LOW, HIGH, OUTPUT, LED_BUILTIN = 13, A0 = 26 };
struct Stream {
    virtual ~Stream()
    {
    }
};
struct SerialPort {
    void begin(long)
    {
    }
    void print(const char *text)
    {
        printf("%s", text);
    }
    void println(const char *text)
    {
        printf("%s\n", text);
    }
};
extern SerialPort Serial;
inline unsigned long millis()
{
    return 0;
}
inline void delay(unsigned long)
{
}
inline void pinMode(int, int)
{
}
inline void digitalWrite(int, int)
{
}
void setup();
void loop();
