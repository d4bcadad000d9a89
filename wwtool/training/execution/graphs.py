"""Recorded once as CUDA graphs, forward and backward, and then replayed: a small network's operators are shorter than
the time in which a CPU starts them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from wwtool.training.execution.forward import Forward


class graphs:  # noqa: N801  # a member of a registry of functions
    """A recording for every shape of the windows and every mode of the network; where there is no GPU, none."""

    def __init__(self, forward: Forward) -> None:
        self._forward, self._recorded = forward, dict[Any, Any]()

    def __call__(self, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        if not tensors[0].is_cuda:
            hidden, logits = self._forward(*tensors)
            return hidden, logits
        key = (*(tensor.shape for tensor in tensors), self._forward.mode())
        if key not in self._recorded:
            self._recorded[key] = self._record(tensors)
        hidden, logits = self._recorded[key](*tensors)
        return hidden, logits

    def _record(self, tensors: tuple[Tensor, ...]) -> Any:
        """Recording runs the network some times: batch norms must not remember that."""
        network = self._forward.network
        before = [(buffer, buffer.clone()) for buffer in network.buffers()]
        copy = Forward(self._forward.network, self._forward.numbers)  # recording replaces its ``forward``
        recorded = torch.cuda.make_graphed_callables(copy, tensors, allow_unused_input=True)
        with torch.no_grad():
            for buffer, value in before:
                buffer.copy_(value)
        return recorded
