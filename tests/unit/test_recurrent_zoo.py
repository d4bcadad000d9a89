"""Cells of GRU and LSTM: the fake-quantized network, the integers, LiteRT and the C agree to the byte."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_export import ESPHOME_OPERATORS, features, model_of, trained

from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.export import MODEL_FORMATS
from wwtool.export.model_format import TrainedModel
from wwtool.export.tflite import to_tflite, verify
from wwtool.models.architecture import Architecture
from wwtool.models.cell import unroll
from wwtool.models.gru import GruArchitecture, gru_cell
from wwtool.models.lstm import LstmArchitecture, lstm_cell
from wwtool.models.network import Network
from wwtool.models.quantized_cell import QuantizedRecurrence
from wwtool.models.zoo import as_dict, from_dict
from wwtool.tflite.reader import parse_model
from wwtool.training.qat_cell import QuantRecurrence
from wwtool.training.sampler import to_real
from wwtool.training.scoring import window_scores

KINDS: dict[str, Any] = {"gru": GruArchitecture, "lstm": LstmArchitecture}
TINY: dict[str, Architecture] = {
    "gru": GruArchitecture(5, 4, 4, 3, 6, head_steps=2),
    "lstm": LstmArchitecture(5, 4, 4, 3, 6, head_steps=2),
    "two cells": GruArchitecture(3, 4, 4, 3, 6, cells=2),
    "smallest": LstmArchitecture(1, 1, 1, 1, 1),
}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(KINDS)), st.integers(1, 24), st.integers(1, 3), st.integers(1, 2), st.integers(0, 99))
def test_any_width_equals_litert_and_its_fake_quantized_self(
    kind: str, width: int, stride: int, cells: int, seed: int
) -> None:
    architecture: Architecture = KINDS[kind](width, 3, 3, stride, 8, cells)
    qat = trained(architecture, seed)
    model = qat.quantized()
    content, outputs = to_tflite(model, "test")
    clip = features(40 * stride, seed)
    verify(content, model, outputs, clip)
    values = model.evaluate(clip)
    for fake, layer, source in zip(qat.layers[1:], model.layers[1:], model.layers, strict=False):
        if isinstance(layer, QuantizedRecurrence):
            assert isinstance(fake, QuantRecurrence)
            fake.kernel = 1  # all steps
            x = torch.from_numpy(values[source.name]).double() - source.output.zero_point
            with torch.no_grad():
                y = fake((x.T[None, :, :, None] * source.output.scale).float())[0, :, :, 0].T.numpy()
            apart = np.abs(y / layer.output.scale + layer.output.zero_point - values[layer.name])
            assert np.mean(apart > 1e-3) < 0.02  # a value near a half, and what follows from it
            assert apart.max() < 3


@pytest.mark.parametrize("name", TINY)
def test_the_generated_c_keeps_the_state(name: str) -> None:
    model = model_of(TINY[name])
    content, _ = to_tflite(model, "test")
    clip = features(200 * model.stride)
    whole = model.evaluate(clip)["probability"].astype(int).ravel() + 128
    rows = clip.reshape(200, model.stride, 40)
    assert len(set(whole)) > 10, "the outputs must vary for this to mean anything"
    assert np.array_equal(LiteRtEngine(content).run(rows).ravel(), whole)
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(rows).ravel(), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_cell_is_found(kind: str) -> None:
    model = model_of(TINY[kind])
    content, outputs = to_tflite(model, "test")
    index, layer = next((i, x) for i, x in enumerate(model.layers) if isinstance(x, QuantizedRecurrence))
    name, dense = next(iter(layer.dense.items()))
    altered_dense = {**layer.dense, name: replace(dense, bias=dense.bias + 2**10)}
    layers = [*model.layers]
    layers[index] = replace(layer, dense=altered_dense)
    with pytest.raises(InputError, match=f"layer '{layer.name}' differs from LiteRT"):
        verify(content, replace(model, layers=tuple(layers)), outputs, features(60))


@pytest.mark.parametrize("kind", KINDS)
def test_esphome_can_run_it(kind: str) -> None:
    graph = parse_model(to_tflite(model_of(KINDS[kind]()), "test")[0])
    assert {op.kind for op in graph.operators} <= ESPHOME_OPERATORS
    assert 0 < len(graph.variables) <= 20


def test_a_gru_cell_is_that_of_pytorch() -> None:
    """With the update gate turned round and the state halved."""
    width, inputs, steps = 4, 3, 7
    torch.manual_seed(0)
    theirs = torch.nn.GRU(inputs, width, batch_first=True)
    x = torch.randn(2, steps, inputs)
    w, u, b, c = (p.detach() for p in theirs.parameters())  # r, z and n in turn
    r, z, n = (slice(i * width, (i + 1) * width) for i in range(3))
    gates = x @ w.T + b
    ours = torch.cat([-gates[..., z], gates[..., r], 2 * gates[..., n]], -1).transpose(1, 2).unsqueeze(-1)
    weights = {"state_gates": torch.cat([-2 * u[z], 2 * u[r]]), "state_new": 4 * u[n]}
    biases = {"state_gates": torch.cat([-c[z], c[r]]), "state_new": 2 * c[n]}
    values = unroll(gru_cell(width), ours, lambda step, h: h @ weights[step.name].T + biases[step.name])
    assert torch.allclose(2 * values["next"][..., 0].transpose(1, 2), theirs(x)[0], atol=1e-5)


def test_an_lstm_cell_is_that_of_pytorch() -> None:
    """With the memory doubled and the output halved."""
    width, inputs, steps = 4, 3, 7
    torch.manual_seed(0)
    theirs = torch.nn.LSTM(inputs, width, batch_first=True)
    x = torch.randn(2, steps, inputs)
    w, u, b, c = (p.detach() for p in theirs.parameters())  # i, f, g and o in turn
    i, f, g, o = (slice(k * width, (k + 1) * width) for k in range(4))

    def ordered(rows: torch.Tensor) -> torch.Tensor:
        return torch.cat([rows[i], rows[f], rows[o], 2 * rows[g]])

    ours = (x @ ordered(w).T + ordered(b) + ordered(c)).transpose(1, 2).unsqueeze(-1)
    values = unroll(lstm_cell(width), ours, lambda step, h: h @ (2 * ordered(u)).T)
    assert torch.allclose(2 * values["next_state"][..., 0].transpose(1, 2), theirs(x)[0], atol=1e-5)


@pytest.mark.parametrize("name", ["onnx", "onnx-float", "torchscript", "torch-export"])
def test_formats_of_whole_clips_refuse_a_cell(name: str) -> None:
    model = model_of(TINY["gru"])
    trained_model = TrainedModel(Network(TINY["gru"]), model, "gru5")
    with pytest.raises(InputError, match=f"gru5 cannot be exported as {name},.*'gru0'.*use --format tflite"):
        MODEL_FORMATS[name].make(trained_model)


def test_the_receptive_field_of_training_counts_the_steps_of_a_cell() -> None:
    architecture = GruArchitecture(4, 4, 4, 3, 6, 2, 2)
    assert architecture.receptive_frames == 4 + 3 * (5 + 1)
    net = Network(architecture).eval()
    assert net(torch.zeros(1, architecture.receptive_frames, 40)).shape == (1, 1)
    assert net(torch.zeros(1, architecture.receptive_frames + 3 * 5, 40)).shape == (1, 6)


@pytest.mark.parametrize("windows", [1, 128, 129, 300])
def test_long_audio_is_heard_in_rows_that_hold_every_window(windows: int) -> None:
    architecture = GruArchitecture(4, 4, 4, 3, 6)
    net, frames = Network(architecture).eval(), architecture.receptive_frames
    clip = features(frames + 3 * (windows - 1) + 1)
    scores = window_scores(net, frames, clip, torch.device("cpu"))
    with torch.no_grad():
        rows = [net(to_real(clip[None, 3 * first :]))[0, :128] for first in range(0, windows, 128)]
    assert len(scores) == windows
    assert np.allclose(scores, torch.cat(rows).numpy(), atol=1e-5)


def test_work_and_weights_are_those_of_the_file() -> None:
    from wwtool.compiler.package import compile_graph

    for architecture in (GruArchitecture(), LstmArchitecture()):
        compiled = compile_graph(parse_model(to_tflite(model_of(architecture), "test")[0]), "test")
        assert compiled.macs == architecture.macs == architecture.parameters
        assert from_dict(as_dict(architecture)) == architecture


def test_what_training_cannot_save_is_refused(tmp_path: Path) -> None:
    qat = trained(TINY["lstm"])
    cell = next(layer for layer in qat.layers if isinstance(layer, QuantRecurrence))
    with torch.no_grad():
        cell.biases["from_state"].fill_(math.nan)
    with pytest.raises(InputError, match="'lstm0/from_state' has a bias beyond any output"):
        qat.quantized()
