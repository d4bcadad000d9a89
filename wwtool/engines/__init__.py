"""Ways to run an INT8 .tflite: LiteRT's reference kernels, exact integer PyTorch, the generated C.

All take and return int8 rows and carry the model's state from row to row, so their results can be compared byte
for byte.
"""
