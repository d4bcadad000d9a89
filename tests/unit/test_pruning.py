"""Pruning: a share of every convolution's channels becomes 0 and stays 0, and the compiler leaves it out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_training import TINY, config, run_of, short

from wwtool.budget.dry_build import random_tflite
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target
from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.export.tflite import to_tflite
from wwtool.export.thinning import without_pruned_channels
from wwtool.models.network import FloatLayer, Network
from wwtool.tflite.reader import parse_model
from wwtool.training.course import Course
from wwtool.training.loop import train
from wwtool.training.pruning import prune, pruned
from wwtool.training.qat import QatNet
from wwtool.training.stages import stages_of


def with_pruning(share: float) -> TrainConfig:
    return short(optimization={"prune": share})


def mixing(network: Network) -> list[FloatLayer]:
    """The convolutions over channels, but that to the output."""
    layers = [module for module in network.modules() if isinstance(module, FloatLayer)]
    return [layer for layer in layers if layer.conv.groups == 1 and layer.conv.out_channels > 1]


def trained(folder: Path, share: float) -> QatNet:
    return train(run_of(folder, with_pruning(share)))


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_pruned_model_takes_what_a_narrower_one_takes(tmp_path: Path, share: float) -> None:
    net = trained(tmp_path, share)
    assert [int(gone.sum()) for gone in pruned(net)] == [int(share * len(gone)) for gone in pruned(net)]
    content = without_pruned_channels(to_tflite(net.quantized(), "m")[0])
    made = compile_graph(parse_model(content), "m", same_sizes=True)
    layers = {call.operator: call for call in made.program.calls if call.kind in ("CONV_2D", "DEPTHWISE_CONV_2D")}
    widths = [made.program.graph.tensor(call.writes[0]).shape[-1] for call in layers.values()]
    assert widths[:-1] == [round((1 - share) * 4)] * (len(widths) - 1)  # all but the output
    whole = compile_graph(parse_model(to_tflite(trained(tmp_path / "whole", 0.0).quantized(), "m")[0]), "m")
    assert made.macs < whole.macs and made.memory.state_bytes <= whole.memory.state_bytes
    assert made.weight_bytes < whole.weight_bytes


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m0plus", "xtensa", "xtensa-pie"])
def test_a_budget_knows_what_a_pruned_model_takes(tmp_path: Path, target: Target) -> None:
    net = trained(tmp_path, 0.5)
    thinned = without_pruned_channels(to_tflite(net.quantized(), "m")[0])
    contents = thinned, random_tflite(TINY, "m", pruned=0.5)
    models = [compile_graph(parse_model(content), "m", target, same_sizes=True) for content in contents]
    sizes = [(m.macs, m.weight_bytes, m.table_bytes, m.memory.arena_bytes, m.memory.state_bytes) for m in models]
    assert sizes[0] == sizes[1]
    assert sizes[0][0] < compile_graph(parse_model(random_tflite(TINY, "m")), "m", target).macs


def test_the_channels_whose_weights_are_least_are_pruned_when_it_is_due() -> None:
    network = Network(TINY)
    settings = config(optimization={"prune": 0.25, "prune_at": 0.5})
    course = Course(stages_of(settings)[0], settings)
    due = round(0.5 * course.stage.steps)
    for step in (0, due - 1, due + 1):
        course.step = step
        prune(network, course)
    assert not any(gone.any() for gone in pruned(network))
    sums = [layer.conv.weight.detach().abs().sum(dim=(1, 2, 3)) for layer in mixing(network)]
    course.step = due
    prune(network, course)
    for gone, total in zip(pruned(network), sums, strict=True):
        least = torch.argsort(total)[: len(total) // 4]
        assert np.flatnonzero(gone).tolist() == sorted(least.tolist())


def test_a_pruned_channel_is_0_whatever_comes_in() -> None:
    network = Network(TINY).eval()
    settings = config(optimization={"prune": 0.5, "prune_at": 0.0})
    course = Course(stages_of(settings)[0], settings)
    course.step = 0
    prune(network, course)
    layer = mixing(network)[0]
    gone = pruned(network)[0]
    output = layer(torch.randn(2, layer.conv.in_channels, 9, 1) * 10)
    assert gone.any() and not output[:, gone].any() and output[:, ~gone].any()


def test_only_a_share_can_be_pruned() -> None:
    for values in ({"prune": 0.95}, {"prune": -0.1}, {"prune_at": 1.1}):
        with pytest.raises(InputError, match=r"optimization\.prune"):
            config(optimization=values)
