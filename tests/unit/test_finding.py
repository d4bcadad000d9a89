"""Which files of a folder are recordings: content before names, links once, nothing passed over without a word."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.data.audio import read_audio, write_audio
from wwtool.data.audio_files import find_audio
from wwtool.data.dataset import index_folder, load_dataset
from wwtool.data.scan import scan
from wwtool.data.split import split_folder
from wwtool.errors import InputError

CLIP = np.random.default_rng(1).integers(-9000, 9000, 8000).astype(np.int16)


def word(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    times = np.arange(1200) / 16000
    pieces = [
        np.sin(2 * np.pi * generator.uniform(200, 3500) * times) * generator.uniform(3000, 15000) for _ in range(7)
    ]
    return np.concatenate(pieces).astype(np.int16)


def recording(container: str, subtype: str, rate: int = 16000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, CLIP, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def speakers(folder: Path, *names: str, each: int = 12, seed: int = 0) -> Path:
    for n, name in enumerate(names):
        for i in range(each):
            write_audio(folder / name / f"{i}.wav", word(100 * (n + seed) + i))
    return folder


@pytest.mark.parametrize(
    ("name", "container", "subtype", "rate"),
    [
        ("a.oga", "OGG", "OPUS", 48000), ("a.oga", "OGG", "VORBIS", 44100), ("a.opus", "OGG", "OPUS", 48000),
        ("a.aifc", "AIFF", "PCM_16", 16000), ("a.snd", "AU", "PCM_16", 16000), ("a.rf64", "RF64", "PCM_16", 16000),
        ("a.W64", "W64", "PCM_16", 8000), ("a.caf", "CAF", "ALAC_16", 16000), ("a.mp2", "MP3", "MPEG_LAYER_III", 8000),
        ("a.wave", "WAV", "PCM_24", 16000), ("a.gsm.wav", "WAV", "GSM610", 8000), ("a.wav", "WAV", "G721_32", 8000),
        ("a.wav", "WAV", "NMS_ADPCM_32", 8000), ("a.wav", "WAV", "IMA_ADPCM", 16000), ("a.voc", "VOC", "PCM_16", 16000),
        ("a.sph", "NIST", "PCM_16", 16000), ("no_ending", "FLAC", "PCM_16", 16000), ("a.data", "OGG", "OPUS", 48000),
        ("a.wav", "FLAC", "PCM_16", 8000), ("a.raw", "WAV", "PCM_16", 16000), ("a.m4a", "MP3", "MPEG_LAYER_III", 8000),
    ],
)  # fmt: skip
def test_content_decides(tmp_path: Path, name: str, container: str, subtype: str, rate: int) -> None:
    (tmp_path / name).write_bytes(recording(container, subtype, rate))
    (found,) = find_audio(tmp_path)
    assert found.path.name == name and found.problem is None
    assert abs(read_audio(found.path).size - CLIP.size * 16000 / rate) < 700


FOREIGN = {
    "memo.m4a": (b"\0\0\0\x20ftypM4A " + bytes(4000), "an M4A recording"),
    "call.amr": (b"#!AMR\n" + bytes(400), "an AMR recording"),
    "old.3gp": (b"\0\0\0\x1cftyp3gp4" + bytes(400), "a 3GP recording"),
    "web.webm": (b"\x1a\x45\xdf\xa3" + bytes(400), "a WebM or Matroska recording"),
    "pc.wma": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(400), "a Windows Media recording"),
    "renamed.wav": (b"\0\0\0\x20ftypM4A " + bytes(4000), "an M4A recording"),
    "no_ending": (b"\0\0\0\x20ftypmp42" + bytes(4000), "an MP4 or QuickTime recording"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_must_be_converted_is_named_with_the_line_that_does_it(tmp_path: Path, name: str) -> None:
    content, kind = FOREIGN[name]
    folder = speakers(tmp_path, "positive/ann")
    (folder / "positive" / name).write_bytes(content)
    (folder / "positive/notes.txt").write_text("nothing to hear")
    (folder / "positive/cover.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    (folder / "positive/Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    (folder / "positive/._memo.m4a").write_bytes(b"\0\x05\x16\x07" + bytes(100))
    (broken,) = scan(folder).broken
    (skipped,) = split_folder(folder).skipped
    assert broken == skipped and broken["path"] == f"positive/{name}"
    assert kind in broken["reason"] and f"ffmpeg -i {folder}/positive/{name} -ar 16000 -ac 1 " in broken["reason"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.wav", b"", "is empty, no recording"),
        ("a.mp3", b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), "cannot read"),
        ("a.raw", b"\1\2" * 500, "no header"),
        ("a.wav", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
        ("a.wav", b"<!doctype html><html></html>", "an HTML page"),
        ("a.m4a", b"", "is empty"),
        ("it's [a] $(memo) .m4a", b"\0\0\0\x20ftypM4A " + bytes(4000), "[a] $(memo) .m4a' -ar 16000"),
    ],
)
def test_what_is_no_recording_says_what_it_is(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    (broken,) = scan(tmp_path).broken
    assert said in broken["reason"]


@pytest.mark.parametrize("container", ["WAV", "AIFF", "AU", "RF64", "W64", "SVX", "FLAC", "CAF", "OGG", "MP3"])
def test_what_is_cut_short_is_no_recording(tmp_path: Path, container: str) -> None:
    whole = recording(container, {"OGG": "OPUS", "MP3": "MPEG_LAYER_III"}.get(container, "PCM_16"))
    (tmp_path / "a.wav").write_bytes(whole)
    assert read_audio(tmp_path / "a.wav").size > 7000
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"a\.wav"):
        read_audio(tmp_path / "a.wav")


def test_flac_of_unknown_length(tmp_path: Path) -> None:
    content = bytearray(recording("FLAC", "PCM_16"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(content)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.flac"), CLIP)


CONTAINERS = {
    "WAV": "PCM_16", "WAVEX": "FLOAT", "RF64": "PCM_16", "W64": "PCM_16", "AIFF": "IMA_ADPCM", "AU": "G721_32",
    "CAF": "ALAC_16", "FLAC": "PCM_16", "OGG": "OPUS", "MP3": "MPEG_LAYER_III", "VOC": "PCM_16", "NIST": "PCM_16",
    "IRCAM": "PCM_16", "PAF": "PCM_24", "PVF": "PCM_16", "SVX": "PCM_16", "AVR": "PCM_16", "XI": "DPCM_16",
}  # fmt: skip
CONTENTS = {container: recording(container, subtype) for container, subtype in CONTAINERS.items()}
EXTREME = (b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 7, b"\xff" * 7 + b"\x7f", b"\0\0\0\1", b"\1\0\0\0", b"")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(CONTENTS)),
    st.lists(
        st.tuples(st.integers(0, 120), st.integers(0, 12), st.sampled_from(EXTREME) | st.binary(max_size=8)), max_size=4
    ),
)
def test_damaged_containers_never_crash(
    tmp_path_factory: pytest.TempPathFactory, container: str, edits: list[tuple[int, int, bytes]]
) -> None:
    content = CONTENTS[container]
    for start, length, new in edits:
        content = content[:start] + new + content[start + length :]
    path = tmp_path_factory.mktemp("damaged") / "a.bin"
    path.write_bytes(content)
    try:
        assert read_audio(path).dtype == np.int16
    except InputError as error:
        assert "a.bin" in str(error) and str(error).isprintable()


def test_wave64_of_any_length(tmp_path: Path) -> None:
    content = CONTENTS["W64"]
    at = content.index(b"data\xf3\xac\xd3\x11") + 16
    for size in (1 << 61, (1 << 64) - 1, 0):
        (tmp_path / "a.w64").write_bytes(content[:at] + size.to_bytes(8, "little") + content[at + 8 :])
        try:
            read_audio(tmp_path / "a.w64")
        except InputError as error:
            assert "a.w64" in str(error)


def test_nothing_is_printed_by_the_library(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(recording("SDS", "PCM_16"))
    content[300:400] = bytes(100)
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(InputError, match=r"a MIDI sample dump.*ffmpeg"):
        read_audio(tmp_path / "a.bin")
    assert capfd.readouterr() == ("", "")


# Links


def test_linked_folders_are_followed_and_name_the_speaker(tmp_path: Path) -> None:
    speakers(tmp_path / "nas", "ann", "bob")
    data = speakers(tmp_path / "d", "positive/carl", seed=5)
    (data / "positive/ann").symlink_to(tmp_path / "nas/ann")
    (data / "positive/bob").symlink_to("../../nas/bob")
    (data / "positive/dora.wav").symlink_to(tmp_path / "nas/ann/0.wav")
    found = index_folder(data)[1]
    assert len(found) == 37 and not any(r.problem for r in found)
    assert {r.speaker for r in found} == {"ann", "bob", "carl", None}
    (tmp_path / "e").mkdir()
    (tmp_path / "e/positive").symlink_to(tmp_path / "nas")
    assert len(split_folder(tmp_path / "e").clips) == 24


def test_folders_are_taken_once(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/bob")
    (data / "positive/a_link").symlink_to("bob")  # comes first, and the folder itself wins all the same
    (data / "positive/z_link").symlink_to(tmp_path / "d/positive/bob")
    dataset = split_folder(data)
    assert {clip.speaker for clip in dataset.clips} == {"bob"} and len(dataset.clips) == 12
    assert [entry["path"] for entry in dataset.skipped] == ["positive/a_link", "positive/z_link"]
    assert all("the folder bob, which is read only once" in entry["reason"] for entry in dataset.skipped)


def test_loops_end(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/bob", "negative/eve")
    speakers(tmp_path / "nas", "fay", seed=7)
    (tmp_path / "nas/fay/up").symlink_to("..")
    (data / "positive/fay").symlink_to(tmp_path / "nas/fay")
    (data / "positive/bob/up").symlink_to(data)  # would make the negatives positives
    (data / "positive/here").symlink_to(".")
    (data / "positive/self").symlink_to("self")
    (data / "negative/ping").symlink_to("pong")
    (data / "negative/pong").symlink_to("ping")
    dataset = split_folder(data)
    assert len(dataset.select("positive")) == 24 and len(dataset.select("negative")) == 12
    assert {entry["path"] for entry in dataset.skipped} == {
        "positive/bob/up", "positive/fay/up", "positive/here", "positive/self", "negative/ping", "negative/pong",
    }  # fmt: skip


def test_links_to_nothing_and_closed_folders_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = speakers(tmp_path / "d", "positive/bob", "positive/closed")
    (data / "positive/gone.wav").symlink_to("/nowhere/gone.wav")
    (data / "positive/unmounted").symlink_to(tmp_path / "nas/unmounted")
    (data / "positive/pipe.wav").parent.mkdir(exist_ok=True)
    os.mkfifo(data / "positive/pipe.wav")
    opened = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(os, "scandir", closed)
    reasons = {entry["path"]: entry["reason"] for entry in split_folder(data).skipped}
    assert "leads nowhere" in reasons.pop("positive/gone.wav")
    assert "leads nowhere" in reasons.pop("positive/unmounted")
    assert "permission denied" in reasons.pop("positive/closed")
    assert not reasons
    with pytest.raises(InputError, match="not a file"):
        read_audio(data / "positive/pipe.wav")


def test_the_same_file_under_two_labels_is_left_out(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/bob", "negative/eve")
    os.link(data / "positive/bob/3.wav", data / "negative/eve/again.wav")
    (data / "noise").mkdir()
    (data / "noise/n.wav").write_bytes((data / "negative/eve/1.wav").read_bytes())
    soundfile.write(data / "negative/eve/other.flac", word(999), 16000)
    soundfile.write(data / "negative/eve/packed.flac", word(5), 16000)
    dataset = split_folder(data)
    assert {entry["path"] for entry in dataset.skipped} == {
        "positive/bob/3.wav", "negative/eve/again.wav", "positive/bob/5.wav", "negative/eve/packed.flac",
    }  # fmt: skip
    reasons = {entry["path"]: entry["reason"] for entry in dataset.skipped}
    assert "is the same recording as negative/eve/again.wav" in reasons["positive/bob/3.wav"]
    assert len(dataset.select("noise")) == 1 and len(dataset.select("negative")) == 13


# Names


def test_labels_in_other_spellings_and_what_lies_beside_them(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "Positive/ann", "Hard-Negative/ann", "positives/bob")
    write_audio(data / "loose.wav", word(99))
    (data / "README.txt").write_text("about")
    (data / "__MACOSX").mkdir()
    (data / "__MACOSX/._a.wav").write_bytes(b"\0\5\x16\7")
    speakers(data / "build", "hil", each=1)
    (data / "build/run").mkdir()
    (data / "build/run/stages.json").write_text("{}")
    dataset = split_folder(data)
    assert len(dataset.select("positive")) == 12 and len(dataset.select("hard_negative")) == 12
    assert [entry["path"] for entry in dataset.skipped] == ["loose.wav", "positives"]
    assert "is in none of positive, negative" in dataset.skipped[0]["reason"]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/ann", "positive/bob")
    (data / "positive/ann/0.wav").rename(data / "positive/ann" / os.fsdecode(b"caf\xe9.wav"))
    (data / "positive/bob").rename(data / "positive" / os.fsdecode(b"J\xf6rg"))
    (data / os.fsdecode(b"positive/b\xe4d.wav")).write_bytes(b"no audio")
    (data / os.fsdecode(b"positive/m\xe9mo.m4a")).write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))
    report = scan(data)
    assert r"positive/ann/caf\xe9.wav" in [clip.path for clip in report.clips] and len(report.clips) == 24
    assert [entry["path"] for entry in report.broken] == [r"positive/b\xe4d.wav", r"positive/m\xe9mo.m4a"]
    assert rf"$'{data}/positive/m\xe9mo.m4a'" in report.broken[1]["reason"]
    dataset = split_folder(data)
    assert len(dataset.clips) == 24 and [entry["path"] for entry in dataset.skipped] == [
        entry["path"] for entry in report.broken
    ]
    dataset.save(tmp_path / "dataset.json")
    (tmp_path / "dataset.json").read_text().encode("ascii")
    assert r"caf\\xe9.wav" in (tmp_path / "dataset.json").read_text()
    again = load_dataset(tmp_path / "dataset.json", data)
    assert [clip.path for clip in again.clips] == [clip.path for clip in dataset.clips]
    for clip in again.clips:
        assert read_audio(data / clip.path).size == 8400


# Levels


def test_archives_are_told(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/ann")
    (data / "positive/takes.ZIP").write_bytes(b"PK\x03\x04" + bytes(50))
    (skipped,) = split_folder(data).skipped
    assert skipped["path"] == "positive/takes.ZIP" and "unpack it" in skipped["reason"]


def test_what_is_clipped_all_over_is_told(tmp_path: Path) -> None:
    data = speakers(tmp_path / "d", "positive/ann")
    soundfile.write(data / "positive/ann/float.wav", word(77).astype(np.float32), 16000, subtype="FLOAT")
    dataset = split_folder(data)
    assert [entry["path"] for entry in dataset.doubtful] == ["positive/ann/float.wav"]
    assert "clipped in" in dataset.doubtful[0]["reason"] and len(dataset.clips) == 13


@pytest.mark.parametrize("offset", [0, 12000])
def test_silent_positives_are_left_out_and_soft_ones_told(tmp_path: Path, offset: int) -> None:
    data = speakers(tmp_path / "d", "positive/ann")
    generator = np.random.default_rng(3)
    write_audio(data / "positive/ann/zero.wav", np.full(16000, offset, np.int16))
    write_audio(data / "positive/ann/dither.wav", (offset + generator.integers(-1, 2, 16000)).astype(np.int16))
    write_audio(data / "positive/ann/soft.wav", (offset + generator.normal(0, 12, 16000)).astype(np.int16))
    write_audio(data / "negative/eve/zero.wav", np.zeros(16000, np.int16))
    write_audio(data / "noise/zero.wav", np.zeros(16000, np.int16))
    dataset = split_folder(data)
    assert {entry["path"] for entry in dataset.skipped} == {
        "positive/ann/zero.wav", "positive/ann/dither.wav", "noise/zero.wav",
    }  # fmt: skip
    assert all("holds only silence" in entry["reason"] for entry in dataset.skipped)
    assert [entry["path"] for entry in dataset.doubtful] == ["positive/ann/soft.wav"]
    assert len(dataset.select("positive")) == 13
    warned = {clip.path: clip.warnings for clip in scan(data / "positive").clips if clip.warnings}
    assert set(warned) == {"ann/zero.wav", "ann/dither.wav", "ann/soft.wav"}
    assert all("silent" in warnings for warnings in warned.values())
