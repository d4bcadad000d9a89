// Runs the model on silence and prints its first output and how long an inference takes.
#include <model.h>

static ww_model model;

void setup()
{
    Serial.begin(115200);
    ww_model_init(&model);
}

void loop()
{
    memset(ww_model_input(&model), WW_MODEL_INPUT_ZERO_POINT, WW_MODEL_INPUT_BYTES);
    const unsigned long start = micros();
    ww_model_invoke(&model);
    const unsigned long microseconds = micros() - start;
    Serial.print((int)ww_model_output(&model)[0]);
    Serial.print(" in ");
    Serial.print(microseconds);
    Serial.println(" us");
    delay(500);
}
