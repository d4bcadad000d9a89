"""Where tensors and constants lie: arena, state and flash."""
