"""Training that can be killed at any step, its checkpoints, its sampler: seconds, on synthetic pools."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from wwtool import events
from wwtool.config import TrainConfig, parse_config
from wwtool.errors import InputError
from wwtool.features.pools import Pool, WeightedPool
from wwtool.models.architecture import Architecture
from wwtool.models.layers import Sum
from wwtool.models.network import Network
from wwtool.models.residual import ResidualArchitecture
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.zoo import ALL_MODELS, as_dict, from_dict
from wwtool.training.checkpoint import NAME, State, load_checkpoint, load_trained, save_checkpoint
from wwtool.training.course import Course
from wwtool.training.learner import Learner
from wwtool.training.loop import train
from wwtool.training.qat import QatNet
from wwtool.training.run import Run
from wwtool.training.sampler import Mined, Sampler, to_real
from wwtool.training.schedules.one_cycle import one_cycle
from wwtool.training.stages import stages_of

TINY = TemporalArchitecture(4, 4, 3, 3, (2, 3), 2)
TINY_RESIDUAL = ResidualArchitecture(4, 3, 3, ((2, 3),), 2)
CONFIG = TrainConfig(
    steps=24, qat_steps=12, batch=8, checkpoint_steps=1, mine_at=(0.25, 0.75), window_end_frames=(0, 2), device="cpu",
    threads=1,  # networks this small are slower on two
)  # fmt: skip


def pools(seed: int = 0) -> list[WeightedPool]:
    """Positives: a rising chirp over the channels every 100 frames. Negatives: noise, and a falling chirp."""
    random = np.random.default_rng(seed)

    def noise(frames: int) -> np.ndarray:
        return random.integers(-128, -60, (frames, 40), np.int8)

    positive, falling = noise(2000), noise(2000)
    starts = np.arange(60, 1900, 100)
    for start in starts:
        for t in range(20):
            positive[start + t, 2 * t : 2 * t + 3] = 90
            falling[start + t, 37 - 2 * t : 40 - 2 * t] = 90
    none = np.zeros(0, np.int64)
    return [
        WeightedPool(Pool("word", positive, starts, starts + 20), 1.0),
        WeightedPool(Pool("noise", noise(1500), none, none), 1.0),
        WeightedPool(Pool("falling", falling, none, none), 2.0),
    ]


POOLS = pools()


class KilledError(Exception):
    """Stands for the process's death."""


SHORT = {"steps": 8, "qat_steps": 4, "mine_at": (0.25,)}


def config(**values: Any) -> TrainConfig:
    """The config of the tests with other values, nested like a file."""
    made = parse_config({"train": values}, "test").train
    return CONFIG.model_copy(update={key: getattr(made, key) for key in values})


def short(**values: Any) -> TrainConfig:
    return config(**values).model_copy(update=SHORT)


def learner(**values: Any) -> Learner:
    made = config(**values)
    torch.manual_seed(0)
    return Learner(stages_of(made)[0], Network(TINY), made, torch.device("cpu"))


def run_of(
    folder: Path,
    config: TrainConfig = CONFIG,
    fingerprint: str = "a",
    architecture: Architecture = TINY,
    listener: events.Listener = events.ignore,
) -> Run:
    return Run(folder, architecture, POOLS, config, fingerprint, model="tiny", listener=listener)


def run(
    folder: Path, config: TrainConfig = CONFIG, fingerprint: str = "a", architecture: Architecture = TINY
) -> QatNet:
    return train(run_of(folder, config, fingerprint, architecture))


def run_killed(folder: Path, stage: str, after: int, config: TrainConfig, architecture: Architecture = TINY) -> None:
    """Runs until ``after`` steps of a stage are done, and the checkpoint they fall on is written or not."""
    from wwtool.training import loop

    steps = loop._Trainer._step

    def step(self: object, part: object, number: int, *lessons: object) -> None:
        if (part.stage.name, number) == (stage, after):  # type: ignore[attr-defined]
            raise KilledError
        steps(self, part, number, *lessons)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop._Trainer, "_step", step)
        with pytest.raises(KilledError):
            run(folder, config, architecture=architecture)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    run(folder)
    return folder


def weights(folder: Path) -> dict[str, bytes]:
    found = load_checkpoint(folder)
    assert found is not None
    assert found[0].done
    return {name: tensor.numpy().tobytes() for name, tensor in found[1].items()}


# Mining is at steps 6 and 18 of 24.
@pytest.mark.parametrize("checkpoint_steps", [1, 5])
@pytest.mark.parametrize(
    ("stage", "after"),
    [("float", 0), ("float", 1), ("float", 5), ("float", 6), ("float", 7), ("float", 18), ("float", 23),
     ("qat", 0), ("qat", 1), ("qat", 6), ("qat", 11)],
)  # fmt: skip
def test_a_killed_run_ends_as_if_it_had_not_been(
    finished: Path, tmp_path: Path, stage: str, after: int, checkpoint_steps: int
) -> None:
    config = CONFIG.model_copy(update={"checkpoint_steps": checkpoint_steps})
    run_killed(tmp_path, stage, after, config)
    run(tmp_path, config)
    assert weights(tmp_path) == weights(finished)


@pytest.mark.parametrize(("stage", "after"), [("float", 7), ("qat", 1)])
def test_a_killed_run_of_the_other_family(tmp_path: Path, stage: str, after: int) -> None:
    run(tmp_path / "whole", architecture=TINY_RESIDUAL)
    run_killed(tmp_path / "killed", stage, after, CONFIG, TINY_RESIDUAL)
    run(tmp_path / "killed", architecture=TINY_RESIDUAL)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_killed_in_the_report(finished: Path, tmp_path: Path) -> None:
    def listener(event: events.Event) -> None:
        raise KilledError

    for _ in range(3):
        with pytest.raises(KilledError):
            train(run_of(tmp_path, listener=listener))
    run(tmp_path)
    assert weights(tmp_path) == weights(finished)


def test_killed_again_and_again(finished: Path, tmp_path: Path) -> None:
    for stage, after in (("float", 3), ("float", 6), ("float", 19), ("qat", 2), ("qat", 10)):
        run_killed(tmp_path, stage, after, CONFIG)
    run(tmp_path)
    assert weights(tmp_path) == weights(finished)


def test_a_finished_run_is_not_run_again(finished: Path) -> None:
    def listener(event: events.Event) -> None:
        raise AssertionError("a step was run")

    before = (finished / NAME).read_bytes()
    again = train(run_of(finished, listener=listener))
    trained, state = load_trained(finished)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), trained.parameters(), strict=True))
    assert state.model == "tiny"
    assert (finished / NAME).read_bytes() == before


def test_another_fingerprint_starts_from_the_beginning(finished: Path, tmp_path: Path) -> None:
    run_killed(tmp_path, "float", 10, CONFIG.model_copy(update={"seed": 5}))
    run(tmp_path, CONFIG, "b")
    assert weights(tmp_path) == weights(finished)


def test_another_seed_gives_other_weights(finished: Path, tmp_path: Path) -> None:
    run(tmp_path, CONFIG.model_copy(update={"seed": 5}))
    assert weights(tmp_path) != weights(finished)


def test_it_learns(tmp_path: Path) -> None:
    losses: list[float] = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Loss):
            losses.append(event.loss)

    config = CONFIG.model_copy(update={"steps": 150, "qat_steps": 30, "batch": 32, "learning_rate": 0.02})
    train(run_of(tmp_path, config, listener=listener))
    assert np.mean(losses[-3:]) < 0.6 * losses[0]


def test_mining_at_the_very_first_step(tmp_path: Path) -> None:
    """The network has seen nothing yet; that is no reason to stop."""
    run(tmp_path, CONFIG.model_copy(update={"mine_at": (0.0, 1.0)}))
    assert load_trained(tmp_path)[1].done


def test_checkpoints_hold_no_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is pickled or unpickled, whatever the file holds."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a pickle was read or written")

    for name in ("load", "loads", "dump", "dumps", "Unpickler", "Pickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    monkeypatch.setattr(torch, "save", refuse)
    run_killed(tmp_path, "float", 9, CONFIG)
    run(tmp_path)
    content = (tmp_path / NAME).read_bytes()
    header = int.from_bytes(content[:8], "little")
    assert content[8:9] == b"{"
    assert header < len(content)
    assert b"torch" not in content
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("kind", ["empty", "short", "text", "header", "metadata", "pickle"])
def test_a_damaged_checkpoint_is_refused(finished: Path, tmp_path: Path, kind: str) -> None:
    content = (finished / NAME).read_bytes()
    damaged = {
        "empty": b"",
        "short": content[: len(content) // 2],
        "text": b"not a checkpoint " * 100,
        "header": b"\xff" * 8 + content[8:],
        "metadata": content.replace(b'\\"stage\\"', b'\\"stagf\\"'),
        "pickle": pickle.dumps({"stage": "done"}),
    }[kind]
    (tmp_path / NAME).write_bytes(damaged)
    for read in (load_checkpoint, load_trained, run):
        with pytest.raises(InputError, match="damaged; delete it"):
            read(tmp_path)


def test_a_checkpoint_in_a_folder_whose_name_is_not_utf8(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / NAME).write_bytes((finished / NAME).read_bytes())
    assert load_trained(folder)[1] == load_trained(finished)[1]


def test_a_checkpoint_without_its_tensors_is_refused(finished: Path, tmp_path: Path) -> None:
    found = load_checkpoint(finished)
    assert found is not None
    state, tensors = found
    lost = next(name for name in tensors if name.startswith("ema."))
    save_checkpoint(tmp_path, state, {name: tensor for name, tensor in tensors.items() if name != lost})
    with pytest.raises(InputError, match="does not hold the weights"):
        load_trained(tmp_path)
    with pytest.raises(InputError):
        run(tmp_path)


def test_unfinished_runs_are_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished training run"):
        load_trained(tmp_path)
    for stage, after in (("float", 4), ("qat", 4)):
        run_killed(tmp_path, stage, after, CONFIG)
        with pytest.raises(InputError, match="no finished training run"):
            load_trained(tmp_path)


@pytest.mark.parametrize("architecture", [TINY, TINY_RESIDUAL], ids=["tcn", "res"])
def test_the_state_survives_a_checkpoint(tmp_path: Path, architecture: Architecture) -> None:
    state = State("qat", 17, "f", architecture, 1.25, "tiny")
    save_checkpoint(tmp_path, state, {"a": torch.arange(6.0).reshape(2, 3).T})
    found = load_checkpoint(tmp_path)
    assert found is not None
    assert found[0] == state
    assert torch.equal(found[1]["a"], torch.arange(6.0).reshape(2, 3).T)
    assert load_checkpoint(tmp_path / "none") is None


def sampler(config: TrainConfig = CONFIG, frames: int = 17) -> Sampler:
    return Sampler(POOLS, frames, config)


def test_a_batch_depends_on_the_generator_alone() -> None:
    mined = Mined(np.asarray([0, 1]), np.asarray([200, 300]))
    first, second = sampler(), sampler()
    first.batch(np.random.default_rng(8), 64, None)  # what was drawn before does not matter
    a, b = (s.batch(np.random.default_rng([1, 2]), 64, mined) for s in (first, second))
    assert np.array_equal(a[0], b[0])
    assert np.array_equal(a[1], b[1])
    assert not np.array_equal(a[0], first.batch(np.random.default_rng([1, 3]), 64, mined)[0])


def test_shapes_and_shares() -> None:
    x, labels = sampler().batch(np.random.default_rng(0), 50, None)
    assert x.shape == (50, 17, 40)
    assert x.dtype == np.int8
    assert labels.tolist() == [1.0] * 20 + [0.0] * 30


def indexed_pool(positive: bool, frames: int = 1000) -> Pool:
    """Every frame holds its own number in its first two channels."""
    x = np.zeros((frames, 40), np.int8)
    x[:, 0], x[:, 1] = np.arange(frames) % 100, np.arange(frames) // 100
    ends = np.asarray([100, 500, 995]) if positive else np.zeros(0, np.int64)
    return Pool("p" if positive else "n", x, ends - 40, ends)


def last_frame(window: np.ndarray) -> int:
    return int(window[-1, 0]) + 100 * int(window[-1, 1])


def test_positives_end_about_when_the_word_does() -> None:
    config = CONFIG.model_copy(update={"window_end_frames": (-2, 16), "positive_fraction": 1.0})
    made = Sampler([WeightedPool(indexed_pool(True), 1.0), WeightedPool(indexed_pool(False), 1.0)], 30, config)
    x, _ = made.batch(np.random.default_rng(0), 600, None)
    ends = {last_frame(w) + 1 for w in x}
    expected = {min(end + late, 1000) for end in (100, 500, 995) for late in range(-2, 17)}
    assert ends == expected


def test_negatives_are_windows_of_negatives_and_of_the_words_beginning() -> None:
    config = CONFIG.model_copy(update={"positive_fraction": 0.0})
    made = Sampler([WeightedPool(indexed_pool(True), 1.0), WeightedPool(indexed_pool(False), 1.0)], 30, config)
    x, _ = made.batch(np.random.default_rng(0), 4000, None)
    ends = np.asarray([last_frame(w) + 1 for w in x])
    assert ends.min() == 30
    assert ends.max() == 1000
    assert all(np.array_equal(np.diff(w[:, 0].astype(int)) % 100, np.ones(29)) for w in x[:50])


def test_mined_windows_come_from_where_they_were_found() -> None:
    config = CONFIG.model_copy(update={"positive_fraction": 0.0, "mined_fraction": 1.0})
    made = Sampler([WeightedPool(indexed_pool(True), 1.0), WeightedPool(indexed_pool(False), 1.0)], 30, config)
    mined = Mined(np.asarray([0, 0]), np.asarray([31, 999]))
    x, _ = made.batch(np.random.default_rng(0), 200, mined)
    assert {last_frame(w) + 1 for w in x} == {30, 31, 32, 33, 997, 998, 999, 1000}
    empty = Mined(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert made.batch(np.random.default_rng(0), 20, empty)[0].shape == (20, 30, 40)


@pytest.mark.parametrize("kept", [[0], [1, 2]])
def test_both_kinds_of_pools_are_needed(kept: list[int]) -> None:
    with pytest.raises(InputError, match="at least one pool of positives and one of negatives"):
        Sampler([POOLS[i] for i in kept], 17, CONFIG)


def test_a_pool_shorter_than_a_window_is_refused() -> None:
    short = Pool("short", np.zeros((10, 40), np.int8), np.zeros(0, np.int64), np.zeros(0, np.int64))
    with pytest.raises(InputError, match="'short' has 10 frames, a window needs 17"):
        Sampler([POOLS[0], WeightedPool(short, 1.0)], 17, CONFIG)


def test_real_features_are_those_of_the_input_scale() -> None:
    assert to_real(np.asarray([-128, 127], np.int8)).tolist() == pytest.approx([0.0, 26.0])


@pytest.mark.parametrize(("steps", "warm"), [(100, 0.1), (20, 0.05), (1000, 0.5)])
def test_one_cycle(steps: int, warm: float) -> None:
    stage = replace(stages_of(CONFIG)[0], steps=steps, learning_rate=1.0, warmup=warm)
    rates = [one_cycle(Course(stage, CONFIG, step)) for step in range(steps + 1)]
    peak = max(1, round(steps * warm))
    assert rates[0] == pytest.approx(0.04)
    assert rates[peak] == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.0)
    assert rates == [*sorted(rates[:peak]), *sorted(rates[peak:], reverse=True)]


@pytest.mark.parametrize("architecture", [TINY, TINY_RESIDUAL, *ALL_MODELS.values()], ids=repr)
def test_the_architecture_counts_its_frames(architecture: Architecture) -> None:
    net = Network(architecture).eval()
    frames = architecture.receptive_frames
    with torch.no_grad():
        assert net(torch.zeros(1, frames, 40)).shape == (1, 1)
        assert net(torch.zeros(1, frames + architecture.stride, 40)).shape == (1, 2)
    with pytest.raises(RuntimeError):
        net(torch.zeros(1, frames - 1, 40))


def test_a_residual_block_is_linear_until_its_input_is_added() -> None:
    layers: Any = ResidualArchitecture(6, 3, 3, ((2, 3), (4,)), 2).layers()
    shown = [layer.skip if isinstance(layer, Sum) else f"{layer.name} {'relu' * layer.relu}" for layer in layers]
    assert shown == [
        "first relu",
        "depthwise0 ", "pointwise0 relu", "depthwise1 ", "pointwise1 ", "first",
        "depthwise2 ", "pointwise2 ", "sum0",
        "head ",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ALL_MODELS)
def test_an_architecture_survives_json(name: str) -> None:
    assert from_dict(json.loads(json.dumps(as_dict(ALL_MODELS[name])))) == ALL_MODELS[name]


def test_stages_say_how_long_windows_take(tmp_path: Path) -> None:
    seen: list[events.Event] = []
    train(run_of(tmp_path, short(), listener=seen.append))
    shares = {event.stage: event.value for event in seen if isinstance(event, events.Metric)}
    assert shares.keys() == {"float", "qat"}
    assert all(0.0 < share < 1.0 for share in shares.values())
