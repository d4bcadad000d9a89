/* Stand-in: TensorFlow Lite Micro. */
#pragma once
#include "tensorflow/lite/micro/micro_interpreter.h"
namespace tflite
{
inline const Model *GetModel(const void *buffer)
{
    static Model model;
    model.content = static_cast<const unsigned char *>(buffer);
    return &model;
}
} // namespace tflite
