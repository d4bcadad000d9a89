"""Models of others that have heard many people: what they make of audio lies beside the features of a pool."""
