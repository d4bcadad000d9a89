"""Emulated boards. Each module starts one kind and gives a serial URL that the rest of ``wwtool.device`` opens."""
