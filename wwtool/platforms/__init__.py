"""Platforms: their profiles, how they are loaded, and their wiring."""
