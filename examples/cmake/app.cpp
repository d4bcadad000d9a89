// Two instances of the model side by side: one context each, nothing shared.
#include <cstdio>
#include <cstring>

#include "model.h"

static_assert(sizeof(ww_model) <= 1024 * 1024, "this program has a megabyte to give");

static ww_model first, second;

static int infer(ww_model &model, int value)
{
    std::memset(ww_model_input(&model), value, WW_MODEL_INPUT_BYTES);
    ww_model_invoke(&model);
    return static_cast<int>(ww_model_output(&model)[0]);
}

int main()
{
    ww_model_init(&first);
    ww_model_init(&second);
    for (int i = 0; i < 5; i++) {
        const int silent = infer(first, WW_MODEL_INPUT_ZERO_POINT);
        const int other = infer(second, 40);
        std::printf("%d: first output %d of silence, %d of something else\n", i, silent, other);
    }
    ww_model_reset(&second);
    return 0;
}
