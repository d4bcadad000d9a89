"""Audio files, scanning, indexing and splitting, on generated recordings, good and bad."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.cli.data import data as data_command
from wwtool.data import espeak
from wwtool.data.audio import read_audio, write_audio
from wwtool.data.audio_files import find_audio
from wwtool.data.dataset import index_folder, load_dataset
from wwtool.data.fingerprint import copies, fingerprint, similarity
from wwtool.data.scan import measure, scan
from wwtool.data.split import split_folder
from wwtool.errors import InputError

RATE = 16000
random = np.random.default_rng(7)


def tone(hz: float = 440.0, seconds: float = 0.5, rate: int = RATE, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def pcm(signal: np.ndarray) -> np.ndarray:
    return np.round(32767 * signal).astype(np.int16)


def babble(seed: int, seconds: float = 0.6) -> np.ndarray:
    """Something like speech, another for each seed: bursts of tones."""
    generator = np.random.default_rng(seed)
    pieces = [
        tone(generator.uniform(150, 3500), seconds / 6, level=generator.uniform(0.1, 0.6))
        + tone(generator.uniform(150, 3500), seconds / 6, level=generator.uniform(0.05, 0.3))
        for _ in range(6)
    ]
    return pcm(np.concatenate(pieces))


def shifted(clip: np.ndarray, samples: int = 1234, gain: float = 0.5) -> np.ndarray:
    floor = random.normal(0, 4, clip.size + samples)
    return np.round(np.concatenate([np.zeros(samples), gain * clip]) + floor).astype(np.int16)


# Audio files


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("a.wav", 16000, 1, "PCM_16"),
        ("a.wav", 44100, 2, "PCM_24"),
        ("a.wav", 8000, 1, "ULAW"),
        ("a.wav", 48000, 6, "FLOAT"),
        ("a.flac", 22050, 1, "PCM_16"),
        ("a.ogg", 48000, 2, "VORBIS"),
        ("a.mp3", 44100, 1, "MPEG_LAYER_III"),
    ],
)
def test_any_format_rate_and_channels(tmp_path: Path, name: str, rate: int, channels: int, subtype: str) -> None:
    signal = tone(440, 1.0, rate)
    soundfile.write(tmp_path / name, np.tile(signal[:, None], channels), rate, subtype=subtype)
    audio = read_audio(tmp_path / name)
    assert audio.dtype == np.int16 and abs(audio.size - RATE) < 0.08 * RATE
    middle = audio[4000:12000] / 32768
    assert abs(np.sqrt(2 * np.mean(middle**2)) - 0.5) < 0.02
    assert np.abs(np.fft.rfft(middle)).argmax() == 220


@pytest.mark.parametrize("name", ["clip.wav", "clip.flac"])
def test_written_audio_reads_back(tmp_path: Path, name: str) -> None:
    clip = random.integers(-32768, 32768, 5000).astype(np.int16)
    write_audio(tmp_path / "below" / name, clip)
    np.testing.assert_array_equal(read_audio(tmp_path / "below" / name), clip)
    assert [p.name for p in (tmp_path / "below").iterdir()] == [name]


def bad_files(folder: Path) -> dict[str, Path]:
    whole = folder / "whole.wav"
    soundfile.write(whole, tone(seconds=2.0), RATE)
    flac = folder / "whole.flac"
    soundfile.write(flac, random.normal(0, 0.1, 2 * RATE), RATE)
    contents = {
        "empty.wav": b"",
        "text.wav": b"this is no audio at all, whatever its name",
        "header.wav": whole.read_bytes()[:44],
        "half.wav": whole.read_bytes()[: whole.stat().st_size // 2],
        "half.flac": flac.read_bytes()[: flac.stat().st_size // 2],
        "picture.mp3": b"\x89PNG\r\n\x1a\n" + bytes(500),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    soundfile.write(folder / "nan.wav", np.array([0.1, np.nan, 0.2]), RATE, subtype="FLOAT")
    soundfile.write(folder / "slow.wav", tone(), 100)
    (folder / "folder.wav").mkdir()
    return {path.name: path for path in folder.iterdir() if not path.name.startswith("whole")}


def test_bad_files_are_input_errors(tmp_path: Path) -> None:
    bad = bad_files(tmp_path) | {"absent.wav": tmp_path / "absent.wav"}
    assert len(bad) == 10
    for name, path in bad.items():
        with pytest.raises(InputError) as caught:
            read_audio(path)
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_wav_from_a_pipe_has_no_length(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    content = (tmp_path / "a.wav").read_bytes()
    position = content.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(content[:position] + b"\xff\xff\xff\xff" + content[position + 4 :])
    assert read_audio(tmp_path / "a.wav").size == RATE // 2


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_damaged_files_never_crash(tmp_path_factory: pytest.TempPathFactory, junk: bytes, position: int) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.wav"
    soundfile.write(path, tone(seconds=0.02), RATE)
    content = bytearray(path.read_bytes())
    content[position : position + len(junk)] = junk
    path.write_bytes(content)
    try:
        assert read_audio(path).dtype == np.int16
    except InputError as error:
        assert "a.wav" in str(error)


def test_audio_files_are_found_at_any_depth_but_not_hidden(tmp_path: Path) -> None:
    for name in ("b.WAV", "deep/er/a.flac", ".hidden/c.wav", "deep/.d.wav", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [found.path.name for found in find_audio(tmp_path)] == ["b.WAV", "a.flac"]


# Fingerprints


def test_copies_are_found_whatever_the_shift_and_level() -> None:
    words = [
        "computer",
        "commuter",
        "jarvis",
        "harvest",
        "snowboy",
        "cowboy",
        "alexa",
        "nabu",
        "kitchen",
        "window",
        "forty-two",
        "okay",
    ]
    clips = [espeak.say(word, pitch=40 + i) for i, word in enumerate(words)]
    prints = [fingerprint(clip) for clip in clips]
    twins = [fingerprint(shifted(clip, 700 * i, 0.3 + 0.03 * i)) for i, clip in enumerate(clips)]
    assert min(itertools.starmap(similarity, zip(prints, twins, strict=True))) > 0.94
    groups = copies(prints + twins)
    count = len(clips)
    assert sorted(groups) == [[i, i + count] for i in range(count)]
    assert copies([]) == copies(prints[:1]) == []


def test_silence_is_no_copy_of_anything() -> None:
    assert copies([fingerprint(np.zeros(n, np.int16)) for n in (1, 100, 16000)]) == []


# Scan


def test_measures() -> None:
    report = measure("x", pcm(tone(level=0.5)))
    assert (report.peak_dbfs, report.rms_dbfs, report.warnings) == (-6.0, -9.0, ())
    assert measure("x", np.zeros(8000, np.int16)).warnings == ("silent", "digital silence")
    square = np.where(np.arange(8000) % 100 < 50, 32767, -32768).astype(np.int16)
    assert measure("x", square).warnings == ("clipped",) and measure("x", square).clipped_fraction == 1.0
    gap = np.concatenate([pcm(tone()), np.zeros(1600, np.int16), pcm(tone())])
    assert measure("x", gap).zero_run_ms == pytest.approx(100.1, abs=0.2)


def test_scan_lists_broken_files_and_copies_and_deletes_nothing(tmp_path: Path) -> None:
    bad_files(tmp_path)
    write_audio(tmp_path / "in/a.flac", babble(1))
    write_audio(tmp_path / "in/b.flac", shifted(babble(1)))
    before = sorted(path for path in tmp_path.rglob("*"))
    report = scan(tmp_path)
    assert {entry["path"] for entry in report.broken} == {
        "empty.wav", "text.wav", "header.wav", "half.wav", "half.flac", "picture.mp3", "nan.wav", "slow.wav",
    }  # fmt: skip
    assert report.copies == [["in/a.flac", "in/b.flac"]]
    assert sorted(path for path in tmp_path.rglob("*")) == before
    json.dumps(report.as_dict())
    for nothing in (tmp_path / "absent", tmp_path / "folder.wav"):
        with pytest.raises(InputError):
            scan(nothing)


# Data folders


def make_folder(folder: Path, speakers: int = 8, each: int = 3) -> Path:
    for label, offset in (("positive", 0), ("negative", 1000)):
        for speaker in range(speakers):
            for take in range(each):
                write_audio(folder / label / f"s{speaker}" / f"{take}.flac", babble(offset + 10 * speaker + take))
    write_audio(folder / "noise/hum.wav", pcm(tone(50)))
    return folder


def test_speakers_are_in_one_split(tmp_path: Path) -> None:
    dataset = split_folder(make_folder(tmp_path), dev=0.25, test=0.25)
    where = defaultdict(set)
    for clip in dataset.clips:
        where[clip.speaker or clip.path].add(clip.split)
        assert len(clip.sha256) == 64
    assert all(len(splits) == 1 for splits in where.values()) and len(where) == 9
    assert [len(dataset.select("positive", split)) for split in ("train", "dev", "test")] == [12, 6, 6]
    assert split_folder(tmp_path, 0.25, 0.25) == dataset != split_folder(tmp_path, 0.25, 0.25, seed=1)

    dataset.save(tmp_path / "dataset.json")
    assert load_dataset(tmp_path / "dataset.json", tmp_path) == dataset
    (tmp_path / "dataset.json").write_text('{"schema": "wwtool.dataset", "version": 99}')
    with pytest.raises(InputError, match="version 99"):
        load_dataset(tmp_path / "dataset.json", tmp_path)


def test_without_speakers_copies_stay_together(tmp_path: Path) -> None:
    for i in range(20):
        for copy in range(3):
            clip = shifted(babble(i), 1 + 800 * copy, 1 - 0.2 * copy)
            write_audio(tmp_path / "positive" / f"{(7 * i + 13 * copy) % 20:02d}-{copy}-{i}.wav", clip)
    dataset = split_folder(tmp_path, 0.2, 0.2)
    where = defaultdict(set)
    for entry in dataset.clips:
        where[entry.path.split("-")[-1]].add(entry.split)
    assert len(where) == 20 and all(len(splits) == 1 for splits in where.values())


def test_speakers_from_a_pattern(tmp_path: Path) -> None:
    for i in range(12):
        write_audio(tmp_path / "positive" / f"anna{i % 4}_{i}.wav", babble(i))
    speakers = {r.path: r.speaker for r in index_folder(tmp_path, r"(\w+?)_")[1]}
    assert set(speakers.values()) == {"anna0", "anna1", "anna2", "anna3"}
    for pattern in ("(", "no group"):
        with pytest.raises(InputError, match="speaker_pattern"):
            index_folder(tmp_path, pattern)


def test_stated_splits_are_kept(tmp_path: Path) -> None:
    rows = ["path,label,speaker,split"]
    for i in range(30):
        write_audio(tmp_path / f"{i}.wav", babble(i))
        rows.append(f"{i}.wav,positive,s{i // 2},{'test' if i in (0, 2) else ''}")
    (tmp_path / "my.csv").write_text("\n".join(rows))
    dataset = split_folder(tmp_path / "my.csv", 0.2, 0.1)
    assert {"0.wav", "1.wav", "2.wav", "3.wav"} <= {clip.path for clip in dataset.select("positive", "test")}
    (tmp_path / "my.csv").write_text("\n".join([*rows[:2], "1.wav,positive,s0,train", *rows[3:]]))
    with pytest.raises(InputError, match="test and train"):
        split_folder(tmp_path / "my.csv")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", ":1: the column label and path is missing"),
        ("path,kind\na.wav,positive", ":1: the column label is missing"),
        ("path,label\na.wav,positive\na.wav,good", ":3: label 'good'"),
        ("path,label,split\na.wav,positive,eval", ":2: split 'eval'"),
        ("path,label\n,positive", ":2: the path is empty"),
        ("path,label\na.wav", ":2: the row has 1 fields"),
        ("path,label\na.wav,positive,extra", ":2: the row has 3 fields"),
        ("path,label\nb.wav,positive", ":2: b.wav does not exist"),
        ("path,label\na.wav,positive\na.wav,negative", ":3: a.wav is listed twice"),
        ("path,label\n", "holds no recordings"),
        (b"path,label\n\xff\xfe,positive", "not a UTF-8"),
        ('path,label\n"a.wav,positive', "not a UTF-8 .csv"),
    ],
)
def test_malformed_index(tmp_path: Path, content: str | bytes, complaint: str) -> None:
    folder = tmp_path / "data"
    write_audio(folder / "a.wav", babble(2))
    (folder / "index.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        index_folder(folder)
    assert complaint in str(caught.value)


def test_unusable_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        split_folder(tmp_path / "absent")
    (tmp_path / "empty/positive").mkdir(parents=True)
    with pytest.raises(InputError, match="holds no recordings"):
        split_folder(tmp_path / "empty")
    with pytest.raises(InputError, match="3 usable recordings of the phrase"):
        split_folder(make_folder(tmp_path / "few", 1, 3))
    make_folder(tmp_path / "lonely", 1, 12)
    with pytest.raises(InputError, match="fractions"):
        split_folder(tmp_path / "lonely", 0.5, 0.5)
    (tmp_path / "bad/positive").mkdir(parents=True)
    bad_files(tmp_path / "bad/positive")
    for whole in (tmp_path / "bad/positive").glob("whole.*"):
        whole.unlink()
    with pytest.raises(InputError, match="none of the 8 recordings"):
        split_folder(tmp_path / "bad")


def test_one_speaker_goes_to_train(tmp_path: Path) -> None:
    dataset = split_folder(make_folder(tmp_path / "lonely", 1, 12))
    assert {clip.split for clip in dataset.select("positive")} == {"train"}


def test_index_may_name_files_elsewhere(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", babble(1))
    write_audio(tmp_path / "b.wav", babble(2))
    index = tmp_path / "lists" / "mine.csv"
    index.parent.mkdir()
    (index.parent / "link.wav").symlink_to(tmp_path / "b.wav")
    index.write_text(f"path,label\n{tmp_path / 'a.wav'},positive\n../b.wav,negative\nlink.wav,noise\n")
    folder, recordings = index_folder(index)
    assert [r.label for r in recordings] == ["negative", "positive", "noise"]
    assert all((folder / r.path).is_file() for r in recordings)


def test_stated_splits_win_over_likeness(tmp_path: Path) -> None:
    rows = ["path,label,split"]
    for i in range(12):
        write_audio(tmp_path / f"{i}.wav", babble(i // 2))
        rows.append(f"{i}.wav,positive,{'dev' if i % 2 else 'train'}")
    (tmp_path / "my.csv").write_text("\n".join(rows))
    dataset = split_folder(tmp_path / "my.csv")
    assert len(dataset.select("positive", "dev")) == len(dataset.select("positive", "train")) == 6


def test_command_line(tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        result = CliRunner().invoke(data_command, [*words, "--json"], catch_exceptions=False)
        return json.loads(result.output)

    folder = str(tmp_path / "d")
    sizes = ["--positives", "12", "--near-misses", "5", "--sentence-hours", "0.002", "--processes", "1"]
    assert run("synth", "snowboy", "--out", folder, *sizes)["clips"]["positive"] == 12
    assert run("scan", folder)["broken"] == []
    result = run("split", folder)
    assert result["schema"] == "wwtool.split" and sum(result["clips"]["positive"].values()) == 12
    for words in (["scan", folder], ["split", folder, "--dev", "0"]):
        assert CliRunner().invoke(data_command, words, catch_exceptions=False).exit_code == 0
