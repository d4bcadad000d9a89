"""What quantization may cost: the paired bootstrap, and the stage that refuses a model that has lost too much."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_training import CONFIG, POOLS, TINY, run, run_of

from wwtool import events
from wwtool.config import Config, parse_config
from wwtool.errors import InputError
from wwtool.evaluation.budgeted import Heard, Scores
from wwtool.evaluation.drop import recall_drop
from wwtool.evaluation.material import Recording
from wwtool.pipeline import quantization
from wwtool.pipeline.stages import RECORD, Stages
from wwtool.pipeline.validation import Validation
from wwtool.training.checkpoint import State, load_trained
from wwtool.training.qat import QatNet

PER_HOUR, SURE = 0.5, 0.99
TRAINING = CONFIG.model_copy(update={"steps": 150, "qat_steps": 40, "checkpoint_steps": 1000})
CHIRPS = 60


def probability(logits: Scores) -> Scores:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def pair(seed: int, clips: int, hours: float, noise: float, lost: float = 0.0) -> tuple[Heard, Heard]:
    """A network with usual scores, and what 8 bits, noise and a loss of so many logits make of them."""
    random = np.random.default_rng(seed)
    positives = {name: random.normal(mean, 2.0, clips) for name, mean in (("clean", 3.0), ("noisy", 1.5))}
    negative = random.gumbel(-6.0, 1.0, int(hours * 1800))

    def noisy(logits: Scores, lost: float) -> Scores:
        worse = logits + random.normal(0.0, noise, len(logits)) - lost * np.abs(random.normal(size=len(logits)))
        return np.round(probability(worse) * 255) / 256

    first = Heard({name: probability(x) for name, x in positives.items()}, probability(negative), hours)
    second = Heard({name: noisy(x, lost) for name, x in positives.items()}, noisy(negative, 0.0), hours)
    return first, second


def test_networks_that_are_as_good_are_not_refused_by_chance() -> None:
    drops = [recall_drop(*pair(seed, 12 + seed, 0.3, 0.3), PER_HOUR, SURE) for seed in range(20)]
    assert sum(drop.value > 0.02 for drop in drops) >= 5  # the bare difference would refuse them
    assert not any(drop.beyond(0.02) for drop in drops)


@pytest.mark.parametrize("clips", [60, 300])
def test_a_large_loss_is_seen(clips: int) -> None:
    drops = [recall_drop(*pair(seed, clips, 0.3, 0.1, 3.0), PER_HOUR, SURE) for seed in range(8)]
    assert sum(drop.beyond(0.02) for drop in drops) >= 6
    assert not any(drop.beyond(0.9) for drop in drops)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.01, 3.0))
def test_a_network_loses_nothing_against_itself(seed: int, clips: int, hours: float) -> None:
    heard = pair(seed, clips, hours, 0.0)[0]
    drop = recall_drop(heard, heard, PER_HOUR, SURE)
    assert (drop.value, drop.at_least, drop.first) == (0.0, 0.0, heard.recall(PER_HOUR))


def test_speakers_are_drawn_whole() -> None:
    first = Heard({"clean": np.ones(40)}, np.zeros(100), 1.0)
    second = Heard({"clean": np.repeat([0.0, 1.0], 20)}, np.zeros(100), 1.0)
    assert recall_drop(first, second, PER_HOUR, SURE).beyond(0.02)
    speakers = ["ann"] * 20 + ["bob"] * 20
    assert not recall_drop(first, second, PER_HOUR, SURE, speakers).beyond(0.02)  # only one of two is heard worse


def recordings() -> Any:
    """The rising chirp of the training's pools in noise, and the noise and falling chirps that are no phrase."""
    random = np.random.default_rng(5)
    frames = random.integers(-128, -60, (CHIRPS * 60, 40)).astype(np.int8)
    for start in range(20, len(frames), 60):
        for t in range(20):
            frames[start + t, 2 * t : 2 * t + 3] = 90
    bounds = np.stack([np.arange(0, len(frames), 60), np.arange(60, len(frames) + 60, 60)], axis=1)
    positive = Recording(frames, bounds, ("positive",) * CHIRPS)
    negative = np.concatenate([pool.pool.features for pool in POOLS[1:]])
    return SimpleNamespace(
        material=SimpleNamespace(positives=range(CHIRPS), who=()), front_end=TINY.front_end,
        positives={"clean": positive, "noisy": positive},
        negative=Recording(negative, np.array([[0, len(negative)]]), ("negative",)),
    )  # fmt: skip


def broken(folder: Path) -> tuple[QatNet, State]:
    """The trained network, with steps of its first layer that are far too coarse."""
    net, state = load_trained(folder)
    with torch.no_grad():
        net.layers[0].output.log_scale += 5.0  # type: ignore[union-attr, operator]
    return net, state


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(folder, TRAINING)
    return folder


def gate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, network: Any = load_trained, **values: Any
) -> tuple[dict[str, float], list[events.Event]]:  # fmt: skip
    """What the stage reports of a trained run's network."""
    config: Config = parse_config({"train": {"quantization": values}}, "test")
    seen: list[events.Event] = []
    monkeypatch.setattr(quantization, "training_of", lambda *_: run_of(folder, TRAINING))
    monkeypatch.setattr(quantization, "load_trained", network)
    prepared: Any = SimpleNamespace(stores={})
    stages = Stages(folder, seen.append)
    (folder / RECORD).unlink(missing_ok=True)
    try:
        quantization.compare_with_float(stages, prepared, config, "tiny", {"fingerprint": "a"}, recordings)
    finally:
        figures = {event.name: event.value for event in seen if isinstance(event, events.Metric)}
    return figures, seen


def test_a_fine_model_passes(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures, seen = gate(trained, monkeypatch)
    assert figures["recall float"] > 0.8  # else nothing could be lost
    assert figures["recall int8"] > 0.7  # a clip or two are lost, as chance may have it
    assert not any(isinstance(event, events.Warning) for event in seen)


def test_a_broken_model_is_refused_unless_it_is_allowed(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(path.name for path in trained.iterdir())
    with pytest.raises(InputError) as refused:
        gate(trained, monkeypatch, broken)
    said = str(refused.value)
    for part in ("quantization lowers recall from", "60 clips", "--allow-drop", "train.qat_steps", "noisiest layers"):
        assert part in said
    assert refused.value.exit_code == 4
    assert "\n" not in said
    assert set(before) | {RECORD} == {path.name for path in trained.iterdir()}
    figures, seen = gate(trained, monkeypatch, broken, allow_drop=True)
    assert figures["recall float"] - figures["recall int8"] > 0.02
    assert any(isinstance(event, events.Warning) and "allow_drop is on" in event.text for event in seen)
    gate(trained, monkeypatch, broken, most_drop=1.0)


def test_the_device_hears_what_the_network_says(trained: Path) -> None:
    made = run_of(trained, TRAINING)
    net, state = load_trained(trained)
    judge = Validation(recordings(), Config(), made.device, made.cancel)
    exact, device = judge.heard(net, state.logit_shift), judge.heard_on_device(net)
    assert device.positives["clean"] == pytest.approx(exact.positives["clean"], abs=0.01)
    assert device.negative == pytest.approx(exact.negative, abs=0.01)


def test_the_gate_is_on_by_default() -> None:
    made = Config().train.quantization
    assert (made.compare, made.most_drop, made.allow_drop) == (True, 0.02, False)
