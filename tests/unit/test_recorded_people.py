"""Recordings of people that come in Debian packages: unpacked, made one FLAC, drawn by speaker."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wwtool.base.files import write_json
from wwtool.data.catalogue import voices
from wwtool.data.installed_voices import VoiceDescription, describe_files, read_description, write_description
from wwtool.data.negatives import KINDS
from wwtool.data.negatives.kind import Order
from wwtool.data.packing import PACKINGS
from wwtool.data.recorded_people import ENGINE, INDEX, SOUND, clips_of, recorded_people
from wwtool.data.voice_kinds import VOICE_KINDS
from wwtool.errors import InputError

RATE = 8000
KIND = VOICE_KINDS[ENGINE]


def speech(seconds: float, seed: int) -> bytes:
    file = io.BytesIO()
    samples = np.random.default_rng(seed).uniform(-0.3, 0.3, int(seconds * RATE))
    soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def debian(path: Path, files: dict[str, bytes]) -> Path:
    """A Debian package of files, as dpkg-deb writes it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": data.getvalue()}
    content = b"!<arch>\n"
    for name, member in members.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(member):<10}`\n"
        content += header.encode() + member + b"\n" * (len(member) % 2)
    path.write_bytes(content)
    return path


PACKAGE = {
    f"usr/share/words/{speaker}/{name}.wav": speech(1.0 + number, number)
    for number, (speaker, name) in enumerate(
        [("anna", "one"), ("anna", "hey-computer"), ("bert", "two"), ("carl", "x")]
    )
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "voices" / "words"
    folder.mkdir(parents=True)
    PACKINGS["deb"](debian(tmp_path / "a.deb", PACKAGE), {"usr/share/words/**": "raw/"}, folder)
    KIND.settle(folder)
    examined = KIND.examine(folder)
    files = describe_files(folder, list(examined.files))
    facts = {"name": "words", "engine": ENGINE, "title": "words", "languages": ["de"], "speakers": examined.speakers}
    write_description(folder, VoiceDescription(**facts, licence="CC0", source="here", files=files))
    return folder


def test_a_package_becomes_clips_with_their_speakers(installed: Path) -> None:
    clips = list(clips_of(installed))
    assert [(clip.speaker, clip.name) for clip in clips] == [
        ("words anna", "hey-computer"), ("words anna", "one"), ("words bert", "two"), ("words carl", "x")
    ]  # fmt: skip
    assert [round(clip.seconds, 1) for clip in clips] == [2.0, 1.0, 3.0, 4.0]
    assert not (installed / "raw").exists()
    assert [voice.name for voice in recorded_people()] == ["words"]
    assert all(int(np.abs(clip.read().astype(int)).max()) > 20_000 for clip in clips)


def test_a_clip_named_after_the_phrase_is_left_out(installed: Path) -> None:
    sides = [list(KINDS["people"].clips(Order(1.0, 1, dev, "hey computer"))) for dev in (False, True)]
    assert sorted(round(len(clip) / 16000) for side in sides for clip in side) == [1, 3, 4]  # that of 2 s is so named


def test_the_sides_share_no_speaker(installed: Path) -> None:
    lengths = range(8000, 8040)
    index = [[length, f"speaker{length}", "word"] for length in lengths]
    soundfile.write(installed / SOUND, np.ones(sum(lengths), np.int16), 16000, format="FLAC")
    write_json(installed / INDEX, {"clips": index})
    description = read_description(installed)
    files = describe_files(installed, [SOUND, INDEX])
    write_description(installed, description.model_copy(update={"files": files}))
    trained, evaluated = (
        {len(clip) for clip in KINDS["people"].clips(Order(1.0, 1, dev, "hey computer"))} for dev in (False, True)
    )
    assert trained | evaluated == set(lengths)
    assert trained and evaluated and not trained & evaluated
    assert len(trained) > len(evaluated)


def test_without_recordings_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path))
    assert list(KINDS["people"].clips(Order(1.0, 1, False, "hey computer"))) == []


def test_a_cut_package_is_refused(tmp_path: Path) -> None:
    path = debian(tmp_path / "a.deb", PACKAGE)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InputError, match="no Debian package that can be read"):
        PACKINGS["deb"](path, {"usr/share/words/**": "raw/"}, tmp_path)


def test_a_package_without_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no usr/share/songs"):
        PACKINGS["deb"](debian(tmp_path / "a.deb", PACKAGE), {"usr/share/songs/**": "raw/"}, tmp_path)


def test_no_member_leaves_the_folder(tmp_path: Path) -> None:
    path = debian(tmp_path / "a.deb", PACKAGE | {"usr/share/words/../../../../evil.wav": b"x"})
    (tmp_path / "in").mkdir()
    PACKINGS["deb"](path, {"usr/share/words/**": "raw/"}, tmp_path / "in")
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("clips", [{"clips": 3}, {"clips": [[0, "a", "b"]]}, {"clips": [[5, "a"]]}, {}])
def test_a_damaged_index_is_refused(installed: Path, clips: dict[str, object]) -> None:
    write_json(installed / INDEX, clips)
    with pytest.raises(InputError):
        KIND.examine(installed)


def test_a_sound_of_another_length_is_refused(installed: Path) -> None:
    soundfile.write(installed / SOUND, np.zeros(100, np.int16), 16000, format="FLAC")
    with pytest.raises(InputError, match="not as long"):
        KIND.examine(installed)


def test_the_catalogue_has_recordings_with_hashes() -> None:
    entries = [entry for entry in voices().values() if entry.engine == ENGINE]
    assert len(entries) == 3
    assert all(piece.sha256 and piece.bytes for entry in entries for piece in entry.pieces("debian"))
