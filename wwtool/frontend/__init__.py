"""Front ends: audio to the features that a model reads."""
