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
from wwtool.models.quantized import INPUT_SCALE, PROBABILITY_SCALE, QuantizedLayer, QuantizedModel, QuantizedSum, Scale

_LAYERS = (QuantizedLayer, QuantizedSum)  # what a program can hold
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
        x = _cut(features, INPUT_SCALE).transpose(1, 2).unsqueeze(-1)
        values: dict[str, Tensor] = {}
        for layer in self._model.layers:
            if isinstance(layer, QuantizedSum):
                x = F.relu(x + values[layer.skip])
            else:
                assert isinstance(layer, QuantizedLayer)
                x = self._convolution(layer, x)
            x = values[layer.name] = _cut(x, layer.output)
        return _cut(torch.sigmoid(x), PROBABILITY_SCALE)[:, 0, :, 0]

    def _convolution(self, layer: QuantizedLayer, x: Tensor) -> Tensor:
        weights, bias = self.get_buffer(f"{layer.name}_weights"), self.get_buffer(f"{layer.name}_bias")
        groups = layer.channels if layer.kind == "depthwise" else 1
        padded = F.pad(x, (0, 0, layer.kernel - layer.stride, 0))
        y = F.conv2d(padded, weights, bias, (layer.stride, 1), groups=groups)
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
