"""LiteRT with its reference kernels: the definition of "the same bytes"."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType


class LiteRtEngine:
    """Runs a model row by row. Make a new one for a fresh state: LiteRT cannot reset resource variables."""

    def __init__(self, content: bytes, keep_tensors: bool = False) -> None:
        # XNNPACK and the optimised kernels differ from the reference by one unit in places; never use them here.
        self._interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=keep_tensors,
            num_threads=1,
        )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()

    def run(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Runs rows of shape (N, *input) and returns the first output's rows, shape (N, *output)."""
        out = np.empty((len(rows), *self._outputs[0]["shape"][1:]), self._outputs[0]["dtype"])
        for i, row in enumerate(rows):
            self.step(row)
            out[i] = self._interpreter.get_tensor(self._outputs[0]["index"])[0]
        return out

    def step(self, row: npt.NDArray[Any]) -> None:
        """Runs one row; its tensors can be read afterwards."""
        shaped = np.asarray(row).view(self._input["dtype"]).reshape(self._input["shape"])
        self._interpreter.set_tensor(self._input["index"], shaped)
        self._interpreter.invoke()

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """The value of tensor ``index`` after a step; needs ``keep_tensors``."""
        return np.asarray(self._interpreter.get_tensor(index))
