"""Which kernel computes a call, how its weights are packed, and how far it reads ahead of what it writes."""
