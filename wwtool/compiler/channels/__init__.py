"""Channels that carry nothing: found in a graph, and left out of it."""
