"""Writes a trained model as the streaming INT8 .tflite, and proves it against LiteRT."""
