"""What TensorFlow Lite for Microcontrollers keeps in memory of a model, computed without running it."""
