"""Which tools are there, what each is for, the line that gets it, and running those lines."""
