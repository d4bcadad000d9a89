"""A .tflite without its pruned channels: smaller, and every output as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from graphs import Net, assert_engines_agree

from wwtool.budget.dry_build import random_tflite
from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import InputError
from wwtool.export import thinning
from wwtool.export.tflite import to_tflite
from wwtool.export.thinning import without_pruned_channels
from wwtool.models.names import architecture_of
from wwtool.models.network import Network
from wwtool.models.quantized import Scale
from wwtool.pipeline.packaging import read_foreign
from wwtool.tflite.reader import parse_model
from wwtool.training.pruning import prune_now
from wwtool.training.qat import QatNet


def pruned_tflite(name: str, share: float = 0.25) -> bytes:
    """With random weights, and all channels in the file."""
    torch.manual_seed(0)
    net = QatNet(Network(architecture_of(name)).eval(), 0.0)
    prune_now(net, share)
    net.calibrate(torch.rand(4, net.architecture.receptive_frames + 30, net.architecture.channels) * 26.0)
    return to_tflite(net.quantized(), name)[0]


@pytest.mark.parametrize("name", ["tcn32", "res32", "dscnn48", "tcres16", "svdf64", "gru32", "lstm32"])
def test_every_runtime_has_the_smaller_model(name: str) -> None:
    whole = pruned_tflite(name)
    made = without_pruned_channels(whole)
    assert len(made) < len(whole)
    assert without_pruned_channels(made) == made
    rows = random_rows(parse_model(whole), 20, 1)
    for before, after in zip(*(LiteRtEngine(content).run_all(rows) for content in (whole, made)), strict=True):
        np.testing.assert_array_equal(before, after)
    assert_engines_agree(made)
    costs = [compile_graph(parse_model(content), "m", "cortex-m4") for content in (whole, made)]
    assert costs[0].macs == costs[1].macs and costs[0].memory.state_bytes == costs[1].memory.state_bytes


def test_a_model_that_was_not_pruned_stays_what_it_is() -> None:
    content = random_tflite(architecture_of("tcn32"), "m")
    assert without_pruned_channels(content) is content


def test_a_budget_is_of_the_smaller_model() -> None:
    content = random_tflite(architecture_of("tcn32"), "m", pruned=0.25)
    assert without_pruned_channels(content) is content
    assert len(content) < len(random_tflite(architecture_of("tcn32"), "m"))


def test_an_imported_model_gets_smaller(tmp_path: Path) -> None:
    content, card = pruned_tflite("tcn32"), tmp_path / "m.yaml"
    (tmp_path / "m.tflite").write_bytes(content)
    card.write_text("wake_word: up\nprobability_cutoff: 0.8\n")
    assert read_foreign(tmp_path / "m.tflite", card, None).tflite == without_pruned_channels(content)


def test_constants_that_operators_share_stay_whole() -> None:
    """Two layers read the same weights, and only one of them has a channel to lose."""
    random = np.random.default_rng(0)
    weights = random.integers(-127, 128, (6, 6), np.int8)
    dead, last = weights.copy(), weights.copy()
    dead[2] = 0
    net = Net((1, 6), Scale(0.05, -7))
    shared = net.constant(weights, 0.01)
    x = net.dense(net.input, dead, None, 0.01, Scale(0.06, 0))
    for _ in range(2):
        x = net.op(
            "FULLY_CONNECTED", [x, shared], (1, 6), Scale(0.06, 0), "FullyConnectedOptions", fusedActivationFunction=0
        )  # fmt: skip
    content = net.pack(net.dense(x, last, None, 0.01, Scale(0.06, 0)))
    assert lower(parse_model(content), "pruned").channels
    assert without_pruned_channels(content) is content


def test_a_model_with_other_outputs_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "_rewritten", lambda *graphs: pruned_tflite("tcn32", 0.5))
    with pytest.raises(InputError, match="has other outputs; the model was not written"):
        without_pruned_channels(pruned_tflite("tcn32"))
