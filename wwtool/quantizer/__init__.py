"""Post-training quantization: a float .tflite and calibration data become an INT8 .tflite, which needs no training."""
