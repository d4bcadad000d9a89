"""Three ways to run a .tflite: LiteRT's reference kernels, exact integer PyTorch, and the generated C.

All take and return rows and carry the model's state from row to row, so their results can be compared byte for byte.
The exact engine shares no code with the generated C: both read what operators mean in wwtool/tflite.
"""
