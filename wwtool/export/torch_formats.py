"""PyTorch's own formats for PCs: TorchScript, and the program of ``torch.export``.

Both take whole clips, (1, frames, channels) in real units, and give probabilities (1, outputs), one for every stride of
frames, as the ONNX files do. All tensors are held to the steps of the integer model, with its learned scales.
"""

from __future__ import annotations

import io
import warnings
import zipfile

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.errors import InputError
from wwtool.export.model_format import ModelFile, ModelFormat, TrainedModel, require_types
from wwtool.export.onnx_graph import proof_features
from wwtool.models.layers import PREVIOUS
from wwtool.models.network import as_tensor
from wwtool.models.quantized import (
    INPUT_SCALE,
    PROBABILITY_SCALE,
    QuantizedGate,
    QuantizedLayer,
    QuantizedMean,
    QuantizedModel,
    QuantizedPart,
    QuantizedSum,
    Scale,
)

_LAYERS = (QuantizedLayer, QuantizedSum, QuantizedGate, QuantizedMean)  # what a program can hold
_FRAMES = 300  # of the clip that a program is made with; it takes as many as there are
_MOST_APART = 0.05  # mean difference from the integer model that rounding explains


class Program(nn.Module):
    """The integer model in real numbers, each tensor rounded to its steps."""

    def __init__(self, model: QuantizedModel) -> None:
        super().__init__()
        self._model = model
        for layer in model.convolutions:
            weights = np.moveaxis(layer.weights, 3, 1) * layer.weight_scale.reshape(-1, 1, 1, 1)
            bias = layer.bias * (np.float32(layer.input.scale) * layer.weight_scale)
            self.register_buffer(f"{layer.name}_weights", torch.tensor(weights, dtype=torch.float32))
            self.register_buffer(f"{layer.name}_bias", torch.tensor(bias, dtype=torch.float32))

    def forward(self, features: Tensor) -> Tensor:
        """(1, frames, channels) real features to probabilities (1, outputs)."""
        values = {PREVIOUS: as_tensor(_cut(features, INPUT_SCALE), self._model.picture)}
        for layer in self._model.layers:
            y = self._layer(layer, [values[name] for name in layer.reads])
            values[PREVIOUS] = values[layer.name] = _cut(y, layer.output)
        return _cut(torch.sigmoid(values[PREVIOUS]), PROBABILITY_SCALE)[:, 0, :, 0]

    def _layer(self, layer: QuantizedPart, read: list[Tensor]) -> Tensor:
        if isinstance(layer, QuantizedLayer):
            return self._convolution(layer, read[0])
        if isinstance(layer, QuantizedMean):
            return read[0].mean(3, keepdim=True)
        if isinstance(layer, QuantizedGate):
            return _cut(torch.sigmoid(read[0]), PROBABILITY_SCALE) * read[1]
        assert isinstance(layer, QuantizedSum)
        return F.relu(read[0] + read[1]) if layer.relu else read[0] + read[1]

    def _convolution(self, layer: QuantizedLayer, x: Tensor) -> Tensor:
        weights, bias = self.get_buffer(f"{layer.name}_weights"), self.get_buffer(f"{layer.name}_bias")
        groups = layer.channels if layer.kind == "depthwise" else 1
        x = F.pad(x, (*layer.band_pads(x.shape[3]), layer.kernel - layer.stride, 0))
        y = F.conv2d(x, weights, bias, (layer.stride, layer.band_stride), groups=groups)
        return F.relu(y) if layer.relu else y


def _cut(x: Tensor, scale: Scale) -> Tensor:
    low, high = -128 - scale.zero_point, 127 - scale.zero_point
    return torch.clamp(torch.round(x / scale.scale), low, high) * scale.scale


class TorchScript(ModelFormat):
    """For ``torch.jit.load``."""

    name = "torchscript"
    suffix = ".torchscript.pt"

    def is_one(self, content: bytes) -> bool:
        return "constants.pkl" in _files_of(content)

    def make(self, model: TrainedModel) -> ModelFile:
        require_types(model, _LAYERS, self.name)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is to be replaced by torch.export one day
            traced = torch.jit.trace(Program(model.quantized).eval(), _clip(model.quantized))  # type: ignore[no-untyped-call]
            note = _compare(traced, model.quantized)
            buffer = io.BytesIO()
            torch.jit.save(traced, buffer)
        return ModelFile(buffer.getvalue(), note)


class TorchExport(ModelFormat):
    """For ``torch.export.load``."""

    name = "torch-export"
    suffix = ".pt2"

    def is_one(self, content: bytes) -> bool:
        return any(name.startswith(("models/", "serialized_exported_program")) for name in _files_of(content))

    def make(self, model: TrainedModel) -> ModelFile:
        require_types(model, _LAYERS, self.name)
        shapes = ({1: model.quantized.stride * torch.export.Dim("strides", min=2)},)
        with torch.no_grad():
            program = torch.export.export(
                Program(model.quantized).eval(), (_clip(model.quantized),), dynamic_shapes=shapes
            )
            note = _compare(program.module(), model.quantized)
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        return ModelFile(buffer.getvalue(), note)


def _clip(model: QuantizedModel) -> Tensor:
    return torch.zeros((1, _FRAMES, model.channels))


def _compare(made: nn.Module, model: QuantizedModel) -> str:
    """Holds what was made to the integer model; says how far apart they are."""
    features = proof_features(model, 2 * _FRAMES)
    real = (features.astype(np.float32) + 128.0) * np.float32(INPUT_SCALE.scale)
    got = made(torch.from_numpy(real)[None])[0].numpy()
    want = (model.evaluate(features)["probability"][:, 0] + 128.0) / 256.0
    if got.shape != want.shape or not np.abs(got - want).mean() <= _MOST_APART:
        raise InputError("export: the program gives other probabilities than the model; the model was not written")
    return f"probabilities within {np.abs(got - want).mean():.4f} of the integer model's on average"


def _files_of(content: bytes) -> list[str]:
    """The files of a ZIP archive below its folder; none for anything else."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [name.partition("/")[2] or name for name in archive.namelist()]
