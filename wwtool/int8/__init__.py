"""TFLite's INT8 arithmetic: the definition that every engine and the compiler read."""
