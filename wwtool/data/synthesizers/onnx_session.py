"""Runs ONNX models on one thread, so that each process uses one core and every run gives the same samples."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.data.synthesizers.onnx_integers import quick_model
from wwtool.errors import ToolError

MODULE = "onnxruntime"
_ERRORS_ONLY = 3


def is_installed() -> bool:
    """Whether there is a runtime."""
    return importlib.util.find_spec(MODULE) is not None


class OnnxSession:
    """A loaded model.

    Args:
        path: the file.
        seed: where the random numbers of the model begin, for a model that is run once; None if it draws none.

    Raises:
        ToolError: the file is no model that the runtime can load.
    """

    def __init__(self, path: Path, seed: int | None = None) -> None:
        onnxruntime = importlib.import_module(MODULE)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        if seed is not None:
            onnxruntime.set_seed(seed)
            # Optimising a model takes longer than running it once.
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._path = path
        try:
            model = str(path) if seed is not None else quick_model(path) or str(path)
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the classes of the runtime and of onnx have no common base but this
            raise ToolError(f"onnxruntime cannot load {path}; get the voice again with wwtool voices get") from error
        self.inputs = {entry.name for entry in self._session.get_inputs()}

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The outputs of the model, in its order.

        Raises:
            ToolError: the model failed.
        """
        try:
            return [np.asarray(output) for output in self._session.run(None, dict(inputs))]
        except Exception as error:
            raise ToolError(f"onnxruntime failed on {self._path}: {str(error).splitlines()[0][:200]}") from error
