// Stand-in for an Arduino core: runs the sketch until its microphone ends.
#include "Arduino.h"
#include "PDM.h"

SerialPort Serial;
PDMClass PDM;

int main()
{
    setup();
    for (;;) {
        if (PDM.receive != nullptr) {
            PDM.receive();
        }
        loop();
    }
}
