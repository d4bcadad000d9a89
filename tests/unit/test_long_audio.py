"""Long recordings cost time and not memory, and are read as they would be all at once."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.config import AugmentConfig, Config
from wwtool.data import audio
from wwtool.data.audio import AudioFile, audio_blocks, audio_pieces, read_audio, to_int16, write_audio
from wwtool.data.fingerprint import Listener, fingerprint
from wwtool.data.levels import Meter
from wwtool.data.scan import measure
from wwtool.data.store import ClipStore, write_store
from wwtool.errors import InputError
from wwtool.evaluation.material import negative_recording
from wwtool.features.pools import PoolJob, make_pool
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.pipeline.evaluation import recorded_material
from wwtool.pipeline.preparation import RunPlan, _recordings
from wwtool.pipeline.sources import make_stores
from wwtool.pipeline.stages import Stages

random = np.random.default_rng(3)


def whole(path: Path) -> np.ndarray:
    """The definition: everything at once."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return to_int16(mono if rate == 16000 else soxr.resample(mono, rate, 16000))


@pytest.mark.parametrize(
    ("container", "rate", "channels"),
    [("WAV", 44100, 2), ("WAV", 8000, 1), ("FLAC", 192000, 8), ("WAV", 16000, 2), ("OGG", 48000, 2), ("WAV", 4001, 3)],
)
def test_blocks_are_what_the_whole_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, rate: int, channels: int
) -> None:
    monkeypatch.setattr(audio, "_BLOCK_SAMPLES", 10007)
    path = tmp_path / "a"
    soundfile.write(path, random.normal(0, 0.2, (rate + 17, channels)), rate, format=container)
    blocks = list(audio_blocks(path))
    assert len(blocks) > 1 or rate < 16000
    np.testing.assert_array_equal(np.concatenate(blocks), whole(path))
    np.testing.assert_array_equal(read_audio(path, 0.25), whole(path)[:4000])
    np.testing.assert_array_equal(np.concatenate(list(AudioFile(path))), read_audio(path))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 90_000), st.integers(1, 40_000))
def test_pieces_are_the_whole(tmp_path_factory: pytest.TempPathFactory, samples: int, block: int) -> None:
    path = tmp_path_factory.mktemp("pieces") / "a.wav"
    clip = random.integers(-9000, 9000, samples).astype(np.int16)
    write_audio(path, clip)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audio, "_BLOCK_SAMPLES", block)
        pieces = list(audio_pieces(path, 1.5))
    np.testing.assert_array_equal(np.concatenate(pieces), clip)
    assert all(len(piece) == 24000 for piece in pieces[:-1]) and len(pieces[-1]) < 40000
    assert len(pieces) == 1 or len(pieces[-1]) >= 16000


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 0, 0, 1, -5, 32767, -32768]), max_size=9), min_size=1, max_size=9))
def test_levels_do_not_depend_on_blocks(blocks: list[list[int]]) -> None:
    samples = np.asarray([value for block in blocks for value in block], np.int16)
    if not len(samples):
        return
    meter = Meter()
    for block in blocks:
        meter.add(np.asarray(block, np.int16))
    report = measure("x", samples)
    runs = "".join("0" if value == 0 else "x" for value in samples).split("x")
    assert meter.zero_run_ms == max(map(len, runs)) / 16
    assert report.rms_dbfs == round(meter.rms_dbfs, 1) and report.peak_dbfs == round(meter.peak_dbfs, 1)
    assert meter.clipped_fraction == np.mean(np.isin(samples, (32767, -32768)))
    assert meter.digitally_silent == (int(samples.max()) - int(samples.min()) <= 3)


def test_fingerprints_and_features_do_not_depend_on_blocks() -> None:
    clip = random.integers(-9000, 9000, 16000 * 50).astype(np.int16)
    listener = Listener()
    for block in np.array_split(clip, 7):
        listener.add(block)
    np.testing.assert_array_equal(listener.fingerprint().spectrogram, fingerprint(clip).spectrogram)
    front_end = DEFAULT_FRONT_END
    whole = front_end.quantize(front_end.features(clip))
    np.testing.assert_array_equal(front_end.quantized(np.array_split(clip, 7)), whole)


def test_a_negative_file_is_heard_as_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = random.integers(-9000, 9000, 16000 * 5).astype(np.int16)
    write_audio(tmp_path / "a.wav", clip)
    monkeypatch.setattr(audio, "_BLOCK_SAMPLES", 9999)
    of_file, of_clip = (negative_recording({"speech": [x, clip]}) for x in (AudioFile(tmp_path / "a.wav"), clip))
    np.testing.assert_array_equal(of_file.frames, of_clip.frames)
    np.testing.assert_array_equal(of_file.bounds, of_clip.bounds)


def test_recordings_are_read_when_they_are_evaluated_on(tmp_path: Path) -> None:
    clips = [random.integers(-9000, 9000, 16000 + n).astype(np.int16) for n in range(14)]
    for n, clip in enumerate(clips):
        write_audio(tmp_path / ("negative" if n > 10 else "positive") / f"{n:02}.wav", clip)
    write_audio(tmp_path / "positive/11.wav", random.integers(-9000, 9000, 16000 * 61).astype(np.int16))
    (tmp_path / "positive/page.wav").write_text("<html></html>")
    recorded = recorded_material(tmp_path, "all", Config(), lambda *_: None)
    positives = recorded.material.positives
    assert len(positives) == 12 and len(positives[11]) == 60 * 16000
    assert np.array_equal(positives[1], clips[1]) and np.array_equal(positives[1:3][1], clips[2])
    assert recorded.material.negatives["speech"] == [AudioFile(tmp_path / f"negative/{n}.wav") for n in (11, 12, 13)]
    assert [note["path"] for note in recorded.notes["skipped"]] == ["positive/page.wav"]


def test_a_store_is_the_file_that_numpy_writes(tmp_path: Path) -> None:
    clips = [random.integers(-9000, 9000, n).astype(np.int16) for n in (5, 0, 1000, 33)]
    store = write_store(tmp_path / "a", iter(clips))
    assert len(store) == 4 and all(map(np.array_equal, store, clips))
    buffer = io.BytesIO()
    np.save(buffer, np.concatenate(clips))
    assert (tmp_path / "a.npy").read_bytes() == buffer.getvalue()
    assert len(write_store(tmp_path / "none", [])) == 0

    def broken() -> Any:
        yield clips[0]
        raise InputError("gone")

    with pytest.raises(InputError, match="gone"):
        write_store(tmp_path / "b", broken())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.bounds.npy", "a.npy", "none.bounds.npy", "none.npy",
    ]  # fmt: skip


@pytest.mark.parametrize(("channels", "seconds", "rate"), [(8, 2, 16000), (1, 9, 16000), (1, 18, 8000)])
def test_the_limit_counts_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, seconds: int, rate: int
) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.tile(random.normal(0, 0.1, (seconds * rate, 1)), channels), rate)
    monkeypatch.setattr(audio, "MOST_SAMPLES", 300_000)
    assert len(read_audio(path)) == seconds * 16000
    monkeypatch.setattr(audio, "MOST_SAMPLES", 100_000)
    with pytest.raises(InputError, match=f"{channels} channels at {rate} Hz.*at most 100,000.*cut it into pieces"):
        read_audio(path)
    content = bytearray(path.read_bytes())  # a length that is not stated is counted
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(InputError, match="at most 100,000"):
        read_audio(path)


def test_a_promise_of_more_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, random.normal(0, 0.1, 16000), 16000)
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    with pytest.raises(InputError, match="reads at most 2,147,483,648"):
        read_audio(path)


def test_long_negatives_are_trained_on_whole_and_long_positives_told(tmp_path: Path) -> None:
    rows = ["path,label,split"]
    for i in range(25):
        write_audio(tmp_path / f"{i}.wav", random.integers(-9000, 9000, 16000).astype(np.int16))
        rows.append(f"{i}.wav,positive,train")
    write_audio(tmp_path / "long.wav", random.integers(-9000, 9000, 16000 * 70).astype(np.int16))
    write_audio(tmp_path / "talk.wav", random.integers(-9000, 9000, 16000 * 135).astype(np.int16))
    write_audio(tmp_path / "hum.wav", np.concatenate([np.zeros(16000 * 60), np.full(16000, 9)]).astype(np.int16))
    rows += ["long.wav,positive,train", "talk.wav,negative,train", "hum.wav,noise,train"]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    plan = RunPlan("x", Config(), tmp_path, synthesise=False)
    dataset = _recordings(Stages(tmp_path / "run"), plan, None)
    assert dataset is not None
    assert [note["reason"] for note in dataset.doubtful] == [
        "long.wav lasts 70 s and its first 60 are used; cut it into pieces"
    ]
    summary = make_stores(tmp_path / "clips", "x", Config(), dataset, False, lambda *_: None)
    assert summary["train/positive"]["clips"] == 26
    assert [len(clip) // 16000 for clip in ClipStore(tmp_path / "clips/train/speech")] == [60, 60, 15]
    assert len(ClipStore(tmp_path / "clips/train/positive")[25]) == 16000 * 60
    job = PoolJob("n", "noise", None, 0.01, 1, AugmentConfig(recorded_noise=1.0), str(tmp_path / "clips/train/noise"))
    with np.errstate(all="raise"):
        make_pool(job, tmp_path / "pools")


_CHILD = """
    import json, resource, sys
    from pathlib import Path
    from wwtool.data.scan import scan
    from wwtool.data.split import split_folder
    from wwtool.data.audio import AudioFile, audio_pieces
    from wwtool.evaluation.material import negative_recording
    from wwtool.data.store import write_store

    folder = Path(sys.argv[1])
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scan(folder / "negative/short")  # loads what is loaded once
    write_store(folder / "short", audio_pieces(folder / "negative/short/a.wav", 60))
    negative_recording({"a": [AudioFile(folder / "negative/short/a.wav")]})
    peaks = {"before": peak()}
    scan(folder / "negative")
    peaks["scan"] = peak()
    split_folder(folder)
    peaks["split"] = peak()
    write_store(folder / "store", audio_pieces(folder / "negative/long.flac", 60))
    peaks["store"] = peak()
    negative_recording({"a": [AudioFile(folder / "negative/long.flac")]})
    peaks["evaluation"] = peak()
    print(json.dumps(peaks))
"""


def test_memory_does_not_grow_with_length_and_channels(tmp_path: Path) -> None:
    """46 million samples, 184 MB as floats."""
    (tmp_path / "negative/short").mkdir(parents=True)
    soundfile.write(tmp_path / "negative/short/a.wav", random.normal(0, 0.1, 48000), 48000)
    block = np.tile(random.integers(-20, 20, (96_000, 1)).astype(np.int16), 8)
    with soundfile.SoundFile(tmp_path / "negative/long.flac", "w", 96_000, 8) as file:
        for _ in range(60):
            file.write(block)
    child = [sys.executable, "-c", textwrap.dedent(_CHILD), str(tmp_path)]
    done = subprocess.run(child, capture_output=True, text=True, check=True, timeout=120)
    peaks = json.loads(done.stdout)
    before = peaks.pop("before")
    print(before, peaks)
    assert all(peak - before < 60 for peak in peaks.values()), (before, peaks)
