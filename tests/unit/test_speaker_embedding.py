"""Whose voice a clip is: speaker encoders, and counting speakers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.records import read_torch_tensors
from wwtool.data.audio import Audio
from wwtool.data.espeak import say
from wwtool.data.speaker_embedding import counting
from wwtool.data.speaker_embedding.counting import count_voices, group_by_voice, voices_of
from wwtool.data.speaker_embedding.interface import Embeddings
from wwtool.data.speaker_embedding.registry import installed_encoder
from wwtool.data.speaker_embedding.resemblyzer import Resemblyzer, _parts
from wwtool.errors import InputError, ToolError


def _people(counts: list[int]) -> Embeddings:
    """Unit vectors, close for one person; people are at right angles."""
    random = np.random.default_rng(0)
    people = np.repeat(np.eye(64), [*counts, *[0] * (64 - len(counts))], axis=0)
    vectors = people + random.normal(scale=0.01, size=people.shape)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_clips_of_one_person_have_one_number(counts: list[int]) -> None:
    expected = [person for person, count in enumerate(counts) for _ in range(count)]
    assert group_by_voice(_people(counts), 0.3) == expected


def test_clips_without_a_voice_can_be_grouped() -> None:
    assert len(group_by_voice(np.zeros((3, 8), np.float32), 0.3)) == 3
    assert group_by_voice(np.zeros((0, 8), np.float32), 0.3) == []


def test_without_an_encoder_nobody_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "installed_encoder", lambda: None)
    assert voices_of([np.zeros(16_000, np.int16)]) is None
    assert count_voices([np.zeros(16_000, np.int16)]) is None


def test_the_package_may_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wwtool.data.speaker_embedding.resemblyzer.find_spec", lambda name: None)
    assert not Resemblyzer.is_installed()
    assert Resemblyzer.find() is None


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pretrained.pt").write_bytes(b"something else")
    with pytest.raises(ToolError, match=r"pretrained\.pt is not the speaker encoder .* pip install"):
        Resemblyzer(tmp_path / "pretrained.pt")


def test_a_file_with_more_than_tensors_is_not_unpickled(tmp_path: Path) -> None:
    torch.save({"weights": {"w": torch.zeros(1)}, "other": {"w": Path("x")}}, tmp_path / "a.pt")
    torch.save({"weights": {"w": torch.ones(1)}}, tmp_path / "b.pt")
    assert read_torch_tensors(tmp_path / "b.pt", "weights")["w"].item() == 1.0
    for name in ("a.pt", "missing.pt"):
        with pytest.raises(InputError, match=name.replace(".", "[.]")):
            read_torch_tensors(tmp_path / name, "weights")


@pytest.mark.parametrize("samples", [0, 100, 8_000, 40_000])
def test_any_clip_gives_whole_parts(samples: int) -> None:
    clip = np.random.default_rng(0).integers(-5000, 5000, samples).astype(np.int16)
    parts = _parts(clip)
    assert parts
    assert all(part.shape == (160, 40) and np.isfinite(part).all() for part in parts)


@pytest.mark.skipif(installed_encoder() is None, reason="no speaker encoder is installed")
def test_voices_are_told_apart() -> None:
    def clips(voice: str, pitch: int) -> list[Audio]:
        return [say("computer", voice, words_per_minute=speed, pitch=pitch) for speed in (150, 170, 190)]

    assert voices_of([*clips("en-us", 30), *clips("en-us+f4", 70)]) == [0, 0, 0, 1, 1, 1]
