"""The number of threads that PyTorch computes with: it decides the order of sums, and so every result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def pinned_threads(count: int) -> Iterator[None]:
    """Makes PyTorch compute with ``count`` threads, whatever the machine has and ``OMP_NUM_THREADS`` says."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
