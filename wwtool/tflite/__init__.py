"""A .tflite as data: the graph that is read from the file, its limits, and what its operators mean."""
