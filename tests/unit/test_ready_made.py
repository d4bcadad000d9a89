"""Ready-made features: microWakeWord's layout is read and written, damage is named, and a build trains on them."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wwtool.config import AugmentConfig, Config
from wwtool.errors import InputError
from wwtool.evaluation.material import Recording
from wwtool.features.pools import PoolJob, load_pool, make_pool
from wwtool.features.ready_made import EVALUATION, FeatureSet, fingerprint_of, open_features, write_set
from wwtool.frontend.geometry import MICRO
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.pipeline.pools import plan_pools

RANDOM = np.random.default_rng(1)


def clips(count: int = 3, frames: int = 50) -> list[np.ndarray]:
    return [RANDOM.integers(-128, 128, (frames + 10 * i, 40), np.int8) for i in range(count)]


def ragged(folder: Path, values: list[np.ndarray]) -> Path:
    """A set as mmap_ninja 0.7 writes it."""

    def array(folder: Path, values: np.ndarray, kind: str = "numpy") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data.ninja").write_bytes(values.tobytes())
        (folder / "type.ninja").write_text(kind)
        (folder / "dtype.ninja").write_text(values.dtype.name)
        (folder / "order.ninja").write_text("C")
        (folder / "shape.ninja").write_bytes(b"".join(struct.pack("<Q", n) for n in values.shape))

    bounds = np.cumsum([0, *(clip.size for clip in values)])
    array(folder, np.concatenate([clip.ravel() for clip in values]), "ragged")
    array(folder / "starts", bounds[:-1].astype("<i8"))
    array(folder / "ends", bounds[1:].astype("<i8"))
    return folder


def test_features_of_microwakeword(tmp_path: Path) -> None:
    raw = [RANDOM.integers(0, 700, (40, 40), np.uint16), RANDOM.integers(0, 700, (9, 40), np.uint16)]
    features = FeatureSet(ragged(tmp_path / "speech_mmap", raw))
    assert len(features) == 2 and features.hours == pytest.approx(49 / 360_000)
    for clip, values in zip(features, raw, strict=True):
        np.testing.assert_array_equal(clip, DEFAULT_FRONT_END.quantize(values))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    values = clips()
    hours = write_set(tmp_path / "a_mmap", iter(values))
    features = FeatureSet(tmp_path / "a_mmap")
    assert hours == features.hours == pytest.approx(sum(map(len, values)) / 360_000)
    for clip, expected in zip(features, values, strict=True):
        np.testing.assert_array_equal(clip, expected)
    assert (tmp_path / "a_mmap/shapes/type.ninja").read_text() == "ragged"
    assert (tmp_path / "a_mmap/shapes_are_flat.ninja").read_bytes() == bytes(4)


def test_parts_of_a_folder(tmp_path: Path) -> None:
    for part in ("training", "validation_ambient", "testing"):
        write_set(tmp_path / f"speech/{part}/x_mmap", clips(1))
    assert len(open_features(tmp_path)) == 1
    assert len(open_features(tmp_path, EVALUATION)) == 1
    assert len(open_features(tmp_path / "speech/testing/x_mmap")) == 1  # named by itself, it is for training
    with pytest.raises(InputError, match="has no ready-made features"):
        open_features(tmp_path / "speech/training/x_mmap/shapes/starts/nothing")
    before = fingerprint_of(tmp_path)
    write_set(tmp_path / "speech/training/y_mmap", clips(1))
    assert fingerprint_of(tmp_path) != before


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("dtype.ninja", b"object", "holds object, not features"),
        ("dtype.ninja", b"float32", "holds float32, not features"),
        ("order.ninja", b"F", "not features"),
        ("data.ninja", bytes(80), "names clips that are not in its data.ninja"),
        ("starts/dtype.ninja", b"object", "places of clips"),
        ("starts/data.ninja", bytes(5), "cut off"),
        ("starts/data.ninja", struct.pack("<3q", 0, -5, 0), "names clips that are not"),
        ("ends/data.ninja", struct.pack("<3q", 2000, 4400, 1 << 60), "names clips that are not"),
        ("ends/data.ninja", struct.pack("<q", 2000), "names clips that are not"),
    ],
)
def test_damaged_features_are_named(tmp_path: Path, file: str, content: bytes, reason: str) -> None:
    write_set(tmp_path / "a_mmap", clips())
    (tmp_path / "a_mmap" / file).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        FeatureSet(tmp_path / "a_mmap")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(["dtype", "order", "starts/data", "ends/data", "starts/dtype"]), content=st.binary(max_size=64)
)
def test_no_bytes_raise_anything_else(tmp_path: Path, file: str, content: bytes) -> None:
    write_set(tmp_path / "a_mmap", clips())
    (tmp_path / f"a_mmap/{file}.ninja").write_bytes(content)
    with suppress(InputError):
        list(FeatureSet(tmp_path / "a_mmap"))


def test_a_pool_of_them(tmp_path: Path) -> None:
    write_set(tmp_path / "set/training/a_mmap", clips(5, 400))
    features = open_features(tmp_path / "set")
    job = PoolJob("features", "ready_made", str(tmp_path / "set"), 0.002, 7, AugmentConfig())
    pool = load_pool(make_pool(job, tmp_path), "features")
    assert 720 <= len(pool.features) <= 720 + 440 and not pool.positive
    rows = {row.tobytes() for clip in features for row in clip}
    assert {row.tobytes() for row in pool.features} <= rows
    again = load_pool(make_pool(job, tmp_path / "again"), "features")
    np.testing.assert_array_equal(pool.features, again.features)


def test_the_plan_has_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_set(tmp_path / name / "training/a_mmap", clips(1))
    names = [str(tmp_path / "one"), str(tmp_path / "two")]
    config = Config.model_validate({"pools": {"features": names, "features_hours": 0.5, "weights": {"features": 0.4}}})
    planned = [(job, weight) for job, weight in plan_pools({}, tmp_path, config, "") if job.kind == "ready_made"]
    assert [weight for _, weight in planned] == [0.2, 0.2]
    assert len({job.key for job, _ in planned}) == 2


def test_they_are_evaluated_on(tmp_path: Path) -> None:
    recording = Recording(np.zeros((10, 40), np.int8), np.array([[0, 10]]), ("speech",))
    longer = recording.with_features({"party": clips(3, 400)}, 500 / 360_000, MICRO)
    assert longer.labels == ("speech", "party", "party")
    assert longer.bounds.tolist() == [[0, 10], [10, 410], [410, 510]]
    assert len(longer.frames) == 510
