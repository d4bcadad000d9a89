"""What operators mean, for the compiler and for the exact PyTorch engine alike. Nothing here knows of C."""
