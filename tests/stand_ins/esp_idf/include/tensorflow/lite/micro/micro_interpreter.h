/*
 * Stand-in: TensorFlow Lite Micro, "Get started with microcontrollers". The interpreter answers with the largest
 * probability once its variables have been made and all its memory is there.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

enum TfLiteStatus { kTfLiteOk, kTfLiteError };
struct TfLiteTensor {
    struct {
        void *raw;
    } data;
    size_t bytes;
};
namespace tflite
{
struct Model {
    const unsigned char *content;
};
struct MicroOpResolver {
    int count = 0, capacity = 0;
};
struct MicroAllocator {
    static MicroAllocator *Create(uint8_t *arena, size_t bytes)
    {
        static MicroAllocator allocator;
        return arena != nullptr && bytes > 1000 && reinterpret_cast<uintptr_t>(arena) % 16 == 0 ? &allocator : nullptr;
    }
};
struct MicroResourceVariables {
    static MicroResourceVariables *Create(MicroAllocator *allocator, int count)
    {
        static MicroResourceVariables variables;
        return allocator != nullptr && count > 0 ? &variables : nullptr;
    }
};
class MicroInterpreter
{
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, MicroAllocator *allocator,
                     MicroResourceVariables *variables)
        : ready(memcmp(model->content + 4, "TFL3", 4) == 0 && resolver.count == resolver.capacity && allocator &&
                variables)
    {
    }
    MicroInterpreter(const MicroInterpreter &) = delete;
    TfLiteStatus AllocateTensors()
    {
        return ready ? kTfLiteOk : kTfLiteError;
    }
    TfLiteTensor *input(size_t)
    {
        return &in;
    }
    TfLiteTensor *output(size_t)
    {
        return &out;
    }
    TfLiteStatus Invoke()
    {
        memset(features_out, 255, sizeof features_out);
        return kTfLiteOk;
    }

  private:
    bool ready;
    int8_t features_in[120];
    uint8_t features_out[1];
    TfLiteTensor in = {{features_in}, sizeof features_in}, out = {{features_out}, sizeof features_out};
};
} // namespace tflite
