"""Speech synthesizers: one file each, and a registry of them; nothing else asks which one it has."""
