"""LiteRT with its reference kernels: the definition of "the same bytes"."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from wwtool.engines.interface import Port, Rows, as_inputs
from wwtool.errors import InputError


class LiteRtEngine:
    """Runs a model row by row. For a fresh state, make a new engine: LiteRT cannot reset resource variables."""

    def __init__(self, content: bytes, keep_tensors: bool = False, reference: bool = True) -> None:
        # XNNPACK and the optimised kernels sometimes differ from the reference by one unit: ``reference`` is False only
        # where real numbers are asked for. There are more of them, such as ELU.
        resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        try:
            self._interpreter = Interpreter(
                model_content=content,
                experimental_op_resolver_type=resolver,
                experimental_preserve_all_tensors=keep_tensors,
                num_threads=1,
            )
            self._interpreter.allocate_tensors()
            main = schema.Model.GetRootAs(content).Subgraphs(0)
            self._inputs = _ports(self._interpreter.get_input_details(), main.InputsAsNumpy())
            self._outputs = _ports(self._interpreter.get_output_details(), main.OutputsAsNumpy())
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            which = "reference kernels" if reference else "kernels"
            raise InputError(f"LiteRT's {which} cannot run this model: {reason}") from error

    def run(self, rows: Rows) -> npt.NDArray[Any]:
        """Runs rows of the inputs and returns the first output's rows (see interface.py)."""
        return self.run_all(rows)[0]

    def run_all(self, rows: Rows) -> list[npt.NDArray[Any]]:
        """Runs rows of the inputs and returns the rows of every output."""
        inputs = as_inputs(self._inputs, rows)
        out = [np.empty((len(inputs[0]), *port.row), port.dtype) for port in self._outputs]
        for i, row in enumerate(zip(*inputs, strict=True)):
            self._set(row)
            for port, values in zip(self._outputs, out, strict=True):
                values[i] = self.tensor(port.index).reshape(port.row)
        return out

    def step(self, row: Rows) -> None:
        """Runs one row, an array for every input; its tensors can be read afterwards."""
        arrays = [row] if isinstance(row, np.ndarray) else row
        self._set(
            [a.view(port.dtype).reshape(port.shape) for a, port in zip(arrays, self._inputs, strict=True)]
        )  # fmt: skip

    def _set(self, values: Any) -> None:
        for port, value in zip(self._inputs, values, strict=True):
            self._interpreter.set_tensor(port.index, value)
        self._interpreter.invoke()

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """The value of tensor ``index`` after a step; needs ``keep_tensors`` unless it is an output."""
        return np.asarray(self._interpreter.get_tensor(index))


def _ports(details: list[dict[str, Any]], order: npt.NDArray[np.int32]) -> list[Port]:
    """Details in the model's order, which differs from the interpreter's."""
    ports = {
        int(d["index"]): Port(int(d["index"]), d["name"], tuple(map(int, d["shape"])), np.dtype(d["dtype"]).name)
        for d in details
    }
    return [ports[int(index)] for index in order]
