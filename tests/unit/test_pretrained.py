"""The weights with which a training begins: whose they are, what they change, and that they can be made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pretrain
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_training import POOLS, config

from wwtool.config import Config, TrainConfig
from wwtool.config.teacher import TeacherConfig
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Steps
from wwtool.features.pools import Heard, Pool
from wwtool.frontend.mel import MelFrontEnd
from wwtool.models import pretrained
from wwtool.models.names import architecture_of
from wwtool.models.network import Network
from wwtool.models.temporal import TemporalArchitecture
from wwtool.pipeline.preparation import Prepared
from wwtool.pipeline.teaching import Teaching
from wwtool.pipeline.training_run import _began_with
from wwtool.training.loop import losses_at
from wwtool.training.run import Run

SHIPPED = sorted(path.stem for path in pretrained.FOLDER.glob("*.safetensors"))
STEPS = Steps(window_samples=12512, step_samples=1280)  # those of speech_embedding
NONE = np.zeros(0, np.int64)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_network_gets_the_shipped_weights_and_keeps_its_head(name: str) -> None:
    torch.manual_seed(1)
    network = Network(architecture_of(name))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert pretrained.load_into(network)
    same = {key for key, value in network.state_dict().items() if torch.equal(value, before[key])}
    assert same == {"layers.head.conv.weight", "layers.head.conv.bias"}
    assert all(bool(torch.isfinite(value).all()) for value in network.state_dict().values())
    origin = pretrained.origin(network.architecture)
    assert origin
    assert (origin.file, origin.sha256) == (f"{name}.safetensors", pretrained.fingerprint(network.architecture))


def test_there_are_weights_for_the_model_that_builds_choose_and_for_its_teacher() -> None:
    assert {"tcn64", TeacherConfig().model} <= set(SHIPPED)


@pytest.mark.parametrize(
    ("model", "teacher", "begins", "file"),
    [
        ("tcn64", "ensemble", True, "tcn64.safetensors"),
        ("tcn48", "ensemble", True, "tcn128.safetensors"),
        ("tcn48", "speech_embedding", True, None),
        ("tcn48", None, True, None),
        ("tcn64", "ensemble", False, None),
    ],
)
def test_a_model_is_told_the_weights_that_it_owes_something(
    model: str, teacher: str | None, begins: bool, file: str | None
) -> None:
    settings = Config(phrase="computer").model_copy(update={"train": TrainConfig(pretrained=begins)})
    teaching = Teaching(teacher, "", 1.0, "") if teacher else None
    weights = _began_with(settings, model, Prepared({}, [], "computer", teaching))
    assert (weights.file if weights else None) == file


@pytest.mark.parametrize(
    "architecture", [architecture_of("tcn48"), replace(architecture_of("tcn64"), front_end=MelFrontEnd())]
)
def test_another_architecture_or_front_end_begins_as_it_was_drawn(architecture: TemporalArchitecture) -> None:
    torch.manual_seed(1)
    network = Network(architecture)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert not pretrained.load_into(network)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not pretrained.fingerprint(architecture)
    assert pretrained.origin(architecture) is None


def test_weights_come_back_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = TemporalArchitecture(first_channels=4, width=8, kernels=(3, 3))
    written, read = Network(architecture), Network(architecture)
    pretrained.save_body(written, tmp_path / "small.safetensors")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    pretrained._files.cache_clear()
    try:
        assert pretrained.load_into(read)
    finally:
        monkeypatch.undo()
        pretrained._files.cache_clear()
    body = {key for key in written.state_dict() if "head" not in key}
    assert all(torch.equal(read.state_dict()[key], written.state_dict()[key]) for key in body)


def test_a_training_begins_with_them_unless_it_is_told_not_to(tmp_path: Path) -> None:
    def first_loss(model: str, begins: bool) -> float:
        settings = config(pretrained=begins, batch=16)
        return losses_at(Run(tmp_path, architecture_of(model), POOLS, settings, "a"), [1e-4])[0]

    assert first_loss("tcn64", True) != first_loss("tcn64", False)
    assert first_loss("tcn48", True) == first_loss("tcn48", False)


def test_other_weights_are_another_training(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, on = Prepared({}, [], "computer"), Config(phrase="computer")
    off = on.model_copy(update={"train": on.train.model_copy(update={"pretrained": False})})
    before = [prepared.fingerprint(config, "tcn64") for config in (on, off)]
    monkeypatch.setattr(pretrained, "fingerprint", lambda _: "other weights")
    after = [prepared.fingerprint(config, "tcn64") for config in (on, off)]
    assert before[0] != after[0]
    assert before[1] == after[1]


@given(st.integers(100, 400), st.integers(2, 60))
def test_between_two_vectors_lies_their_mean(stop: int, count: int) -> None:
    """Vectors that are their own numbers, so that what is told is when it is told."""
    vectors = np.repeat(np.arange(count, dtype=np.float16)[:, None], 2, axis=1)
    heard = Heard(vectors, STEPS)
    told = pretrain.vectors_at(heard, np.array([stop])).reshape(len(pretrain.BEFORE), 2)
    seconds = 0.03 + (stop - 1) * 0.01
    now = np.clip((seconds - 0.782) / 0.08 - np.array(pretrain.BEFORE), 0, count - 1)
    np.testing.assert_allclose(told, np.stack([now, now], axis=1), atol=1e-3)


def test_a_network_learns_what_an_embedding_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors that say how loud the last frames are can be told; the same ones at other times cannot."""
    said: list[str] = []
    monkeypatch.setattr(pretrain, "tell", lambda done, total, what: said.append(what))
    monkeypatch.setattr(pretrain, "_REPORT_STEPS", 30)
    pools = [pool_of(seed) for seed in range(12)]
    random, losses = np.random.default_rng(1), []
    for heard in (pools, [replace(pool, heard=shuffled(pool, random)) for pool in pools]):
        network = Network(TemporalArchitecture(first_channels=8, width=8, kernels=(5, 9)))
        before = {key: value.clone() for key, value in network.state_dict().items()}
        learnt = pretrain.learn(network, heard, 240, batch=8).state_dict()
        losses.append(float(said[-1].split()[2].rstrip(",")))
        assert all(not torch.equal(learnt[key], before[key]) for key in before if "head" not in key)
        assert all(torch.equal(learnt[key], before[key]) for key in before if "head" in key)
    assert losses[0] < losses[1] - 0.05


def shuffled(pool: Pool, random: np.random.Generator) -> Heard:
    assert pool.heard is not None
    return replace(pool.heard, vectors=random.permutation(pool.heard.vectors))


def test_a_pool_without_vectors_is_refused() -> None:
    with pytest.raises(InputError, match="no vectors"):
        pretrain.learn(Network(architecture_of("tcn32")), [replace(pool_of(0), heard=None)], 10)


def pool_of(seed: int) -> Pool:
    random = np.random.default_rng(seed)
    level = np.repeat(random.integers(-120, 120, 60), 40)
    features = (level[:, None] + random.integers(-5, 6, (len(level), 40))).clip(-128, 127).astype(np.int8)
    ends = [int(Heard(np.zeros((400, 1), np.float16), STEPS).until(number)) for number in range(290)]
    vectors = np.array([[level[max(0, end - 20) : end].mean() / 60] for end in ends if end <= len(level)], np.float16)
    return Pool("loud", features, NONE, NONE, Heard(vectors, STEPS))
