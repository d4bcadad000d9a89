"""How a network gets its 8 bits: first ranges, what is frozen, and the noise that it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_training import CONFIG, POOLS, TINY, run, run_killed, weights
from torch import nn

from wwtool import events
from wwtool.config.quantization import QuantizationConfig
from wwtool.errors import InputError
from wwtool.jobs.settings import read_config
from wwtool.models.network import Network
from wwtool.training.checkpoint import load_checkpoint, load_float, load_trained
from wwtool.training.course import Course
from wwtool.training.fake_quantization import ActivationQuantizer
from wwtool.training.freezing import freeze
from wwtool.training.quantization_noise import layer_noise
from wwtool.training.ranges import RANGES
from wwtool.training.sampler import to_real
from wwtool.training.stages import stages_of


def config(**values: object):  # type: ignore[no-untyped-def]
    return CONFIG.model_copy(update={"quantization": QuantizationConfig.model_validate(values)})


def quantized(values: torch.Tensor, name: str, zero_point: int) -> torch.Tensor:
    quantizer = ActivationQuantizer(zero_point)
    quantizer.calibrate(*RANGES[name](values, zero_point))
    with torch.no_grad():
        return quantizer(values)  # type: ignore[no-any-return]


def outliers(zero_point: int) -> torch.Tensor:
    """Values of a layer, with a few that are far out."""
    values = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    values[:2] = 60.0
    return values.clamp(min=0.0) if zero_point == -128 else values


@pytest.mark.parametrize("zero_point", [0, -128])
def test_ranges_weigh_outliers_against_the_rest(zero_point: int) -> None:
    values = outliers(zero_point)
    highest = {name: RANGES[name](values, zero_point)[1] for name in RANGES}
    assert highest["min_max"] == 60.0
    assert highest["percentile"] < 5.0
    assert highest["entropy"] < 60.0
    errors = {name: float((quantized(values, name, zero_point) - values).square().mean()) for name in RANGES}
    assert errors["mse"] <= min(errors.values()) * 1.001
    inner = {name: float((quantized(values, name, zero_point) - values)[2:].square().mean()) for name in RANGES}
    assert inner["percentile"] < inner["min_max"]


@pytest.mark.parametrize("name", RANGES)
def test_a_layer_that_says_nothing_has_a_range(name: str) -> None:
    assert torch.equal(quantized(torch.zeros(100), name, -128), torch.zeros(100))


@pytest.mark.parametrize("name", [name for name in RANGES if name != "percentile"])
def test_other_ranges_train_and_resume(tmp_path: Path, name: str) -> None:
    run(tmp_path / "whole", config(ranges=name))
    run_killed(tmp_path / "killed", "qat", 3, config(ranges=name))
    run(tmp_path / "killed", config(ranges=name))
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    run(tmp_path / "usual")
    assert weights(tmp_path / "usual") != weights(tmp_path / "whole")


def test_frozen_scales_and_norms_stay_and_resume(tmp_path: Path) -> None:
    frozen = config(freeze_scales=0.5, freeze_norms=0.5)
    seen: dict[int, dict[str, bytes]] = {}
    for after in (7, 11):
        run_killed(tmp_path / f"at{after}", "qat", after, frozen)
        found = load_checkpoint(tmp_path / f"at{after}")
        assert found is not None
        seen[after] = {
            k: v.numpy().tobytes() for k, v in found[1].items() if k.startswith("model.") and "log_scale" in k
        }
    assert seen[7] == seen[11]
    run(tmp_path / "whole", frozen)
    run(tmp_path / "at11", frozen)
    assert weights(tmp_path / "at11") == weights(tmp_path / "whole")


def test_norms_keep_their_statistics() -> None:
    net, made = Network(TINY).train(), config(freeze_norms=0.5)
    stage = replace(stages_of(made)[0], steps=10)
    freeze(net, Course(stage, made, 4))
    assert all(m.training for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    freeze(net, Course(stage, made, 5))
    assert not any(m.training for m in net.modules() if isinstance(m, nn.BatchNorm2d))


def test_the_noise_of_a_trained_network(tmp_path: Path) -> None:
    run(tmp_path)
    net = load_trained(tmp_path)[0]
    features = to_real(POOLS[0].pool.features[None, :400])
    noise = layer_noise(net, features)
    assert [layer.layer for layer in noise] == [layer.name for layer in TINY.layers()]
    assert all(5.0 < layer.snr_db < 100.0 for layer in noise[:-1])
    with torch.no_grad():
        net.layers[0].output.log_scale += 3.0  # type: ignore[union-attr, operator]
    assert layer_noise(net, features)[0].snr_db < noise[0].snr_db


def test_the_float_network_stays_in_the_checkpoint(tmp_path: Path) -> None:
    run(tmp_path)
    exact, trained = load_float(tmp_path), load_trained(tmp_path)[0]
    assert isinstance(exact, Network)
    features = to_real(POOLS[0].pool.features[None, :400])
    with torch.no_grad():
        apart = (exact.eval()(features) - trained(features)).abs().mean()
    assert 0.0 < float(apart) < 3.0


def test_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match=r"train\.quantization\.ranges: 'magic'"):
        read_config(None, {"train": {"quantization": {"ranges": "magic"}}}, events.ignore)
