"""Whether a launcher such as torchrun has started this process beside others, by the environment variables it sets."""

from __future__ import annotations

import os

_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # PyTorch's, for every launcher


def launched() -> bool:
    """Whether there are several processes."""
    return all(name in os.environ for name in _VARIABLES) and os.environ["WORLD_SIZE"] != "1"


def follows() -> bool:
    """Whether another of the processes leads."""
    return launched() and os.environ["RANK"] != "0"
