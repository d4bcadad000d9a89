/* Stand-in: TensorFlow Lite Micro, the operators that the tests' models have. One too many fails. */
#pragma once
#include "tensorflow/lite/micro/micro_interpreter.h"
namespace tflite
{
template <unsigned int kCapacity> class MicroMutableOpResolver : public MicroOpResolver
{
  public:
    MicroMutableOpResolver()
    {
        capacity = kCapacity;
    }
    TfLiteStatus AddAssignVariable()
    {
        return add();
    }
    TfLiteStatus AddCallOnce()
    {
        return add();
    }
    TfLiteStatus AddConcatenation()
    {
        return add();
    }
    TfLiteStatus AddConv2D()
    {
        return add();
    }
    TfLiteStatus AddDepthwiseConv2D()
    {
        return add();
    }
    TfLiteStatus AddFullyConnected()
    {
        return add();
    }
    TfLiteStatus AddLogistic()
    {
        return add();
    }
    TfLiteStatus AddQuantize()
    {
        return add();
    }
    TfLiteStatus AddReadVariable()
    {
        return add();
    }
    TfLiteStatus AddReshape()
    {
        return add();
    }
    TfLiteStatus AddStridedSlice()
    {
        return add();
    }
    TfLiteStatus AddVarHandle()
    {
        return add();
    }

  private:
    TfLiteStatus add()
    {
        return ++count <= capacity ? kTfLiteOk : kTfLiteError;
    }
};
} // namespace tflite
