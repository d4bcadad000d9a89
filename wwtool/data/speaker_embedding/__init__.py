"""Whose voice a clip is: encoders of speakers, one file each, their registry, and counting speakers with them."""
