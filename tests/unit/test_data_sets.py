"""Data sets: archives become features while they come, from a server of this machine."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from file_server import FileServer
from test_data_files import babble

from wwtool import events
from wwtool.base import http_stream
from wwtool.base.cancellation import Cancellation
from wwtool.base.http_stream import Patience
from wwtool.data import catalogue
from wwtool.data.archives import ARCHIVES, Incoming
from wwtool.data.audio import encode, read_audio
from wwtool.data.catalogue import DataSetEntry, Piece
from wwtool.data.data_home import data_home, features_folder
from wwtool.errors import CancelledError, InputError, UsageError
from wwtool.features.ready_made import EVALUATION, open_features, write_set
from wwtool.jobs import data_sets
from wwtool.jobs.data_sets import DataSetsOutput, DataSetsRequest
from wwtool.pipeline.data_sets import _TAKERS as TAKERS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(http_stream, "PATIENCE", Patience(5.0, 2, 0.01))
    return tmp_path / "home"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().serve() as running:
        yield running


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> dict[str, DataSetEntry]:
    entries: dict[str, DataSetEntry] = {}
    monkeypatch.setattr(data_sets, "data_sets", lambda: entries)
    return entries


def entry(*pieces: Piece, **facts: Any) -> DataSetEntry:
    values = {"use": "speech", "title": "Talk", "licence": "CC0", "home": "https://example.org", **facts}
    return DataSetEntry(**values, offers={"home": pieces} if pieces else {})


def piece(server: FileServer, name: str, content: bytes, form: str, **facts: Any) -> Piece:
    server.files[name] = content
    known = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return Piece(url=server.url + name, form=form, **{**known, **facts})


def speech(count: int = 24) -> dict[str, bytes]:
    """Recordings of so many speakers, a text, and a file that is none."""
    audio = {f"talk/voice{n:02}/a.flac": encode(babble(n), ".flac") for n in range(count)}
    return {**audio, "talk/README.txt": b"hello", "talk/s00/broken.wav": b"no sound"}


def tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("talk/link.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


class _Forwards(io.RawIOBase):
    """A file that cannot seek, so that sizes follow their files in a zip."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.content += bytes(content)
        return len(content)


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, forwards: bool = False) -> bytes:
    target: Any = _Forwards() if forwards else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return bytes(target.content if forwards else target.getvalue())


def get(*names: str, listener: events.Listener = events.ignore, **options: Any) -> DataSetsOutput:
    return data_sets.run(data_sets.plan(DataSetsRequest(names=names, **options)), listener)


def test_the_catalogue_can_be_got() -> None:
    for name, one in catalogue.data_sets().items():
        assert one.use in TAKERS
        for pieces in one.offers.values():
            assert pieces[0].form in ARCHIVES, name
            for part in pieces:
                assert part.form in (*ARCHIVES, "more"), name
                assert (part.url or "").startswith("https://"), name


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_speech_becomes_features(server: FileServer, shelf: dict[str, DataSetEntry], home: Path, form: str) -> None:
    members = speech()
    content = tar(members) if form == "tar" else packed(members)
    shelf["talk"] = entry(piece(server, "/talk", content, form))
    heard: list[events.Event] = []
    (row,) = get("talk", listener=heard.append).data_sets
    assert row.folder == str(data_home() / "talk") and row.licence == "CC0"
    training, held_out = (open_features(features_folder("talk"), part) for part in (("training",), EVALUATION))
    assert len(training) + len(held_out) == 24 and len(held_out)
    assert row.hours == pytest.approx(training.hours + held_out.hours, abs=1e-3)
    assert any(isinstance(event, events.Warning) and event.text.startswith("1 files") for event in heard)
    assert sorted(path.name for path in home.iterdir()) == ["data"]  # no archive is left
    server.requests = []
    assert get("talk").data_sets == [row] and server.requests == []


def test_a_connection_that_breaks(server: FileServer, shelf: dict[str, DataSetEntry]) -> None:
    content = tar(speech(4))
    shelf["talk"] = entry(piece(server, "/talk", content, "tar"))
    server.cut_after = len(content) // 2 + 1
    get("talk")
    assert server.requests == ["", f"bytes={server.cut_after}-"]


def test_a_finished_archive_is_not_got_again(server: FileServer, shelf: dict[str, DataSetEntry]) -> None:
    first, second = tar(speech(2)), packed({"b/x/1.wav": encode(babble(9), ".wav")})
    shelf["talk"] = entry(piece(server, "/1", first, "tar"), piece(server, "/2", second, "zip"))
    del server.files["/2"]
    with pytest.raises(InputError, match="answers 404"):
        get("talk")
    assert not data_home().exists()
    server.files["/2"], server.requests = second, []
    get("talk")
    assert len(server.requests) == 1
    assert len(open_features(data_home() / "talk")) + len(open_features(data_home() / "talk", EVALUATION)) == 3


@pytest.mark.parametrize("fault", ["hash", "cut", "text"])
def test_a_wrong_archive_gives_nothing(server: FileServer, shelf: dict[str, DataSetEntry], fault: str) -> None:
    content = {"hash": tar(speech(2)), "cut": tar(speech(2))[:-300], "text": b"hello" * 1000}[fault]
    facts = {"sha256": "0" * 64} if fault == "hash" else {}
    shelf["talk"] = entry(piece(server, "/talk", content, "tar", **facts))
    with pytest.raises(InputError, match=r"its SHA-256 is|is damaged"):
        get("talk")
    assert not data_home().exists()


def test_a_split_zip_is_joined(server: FileServer, shelf: dict[str, DataSetEntry]) -> None:
    whole = b"PK\x07\x08" + packed(speech(6), zipfile.ZIP_STORED)
    third = len(whole) // 3
    parts = [piece(server, f"/z{i}", whole[i * third : (i + 1) * third if i < 2 else None], "more" if i else "zip")
             for i in range(3)]  # fmt: skip
    shelf["talk"] = entry(*parts, use="noise")
    get("talk")
    assert len(open_features(data_home() / "talk")) + len(open_features(data_home() / "talk", EVALUATION)) == 6


def test_ready_made_features_are_taken_as_they_are(
    server: FileServer, shelf: dict[str, DataSetEntry], tmp_path: Path
) -> None:
    write_set(tmp_path / "x/speech/training/a_mmap", [np.ones((30, 40), np.int8)])
    files = list((tmp_path / "x").rglob("*.ninja"))
    members = {path.relative_to(tmp_path / "x").as_posix(): path.read_bytes() for path in files}
    members |= {"../evil_mmap/data.ninja": b"1", "/evil_mmap/data.ninja": b"1", "speech/run.sh": b"1"}
    shelf["mww"] = entry(piece(server, "/x.zip", packed(members), "zip"), use="features")
    get("mww")
    assert len(open_features(features_folder("mww"))) == 1
    assert not list(tmp_path.rglob("evil*")) and not list(tmp_path.rglob("run.sh"))


def test_rooms_become_clips(server: FileServer, shelf: dict[str, DataSetEntry]) -> None:
    members = {"r/1.wav": encode(babble(1), ".wav"), "r/noise.wav": encode(babble(2), ".wav")}
    shelf["rooms"] = entry(piece(server, "/r", packed(members), "zip"), use="rooms", pick=r"\d\.wav$")
    get("rooms")
    (room,) = (data_home() / "rooms/rir").glob("*.wav")
    assert len(read_audio(room))


def test_an_archive_that_was_fetched_by_hand(shelf: dict[str, DataSetEntry], tmp_path: Path) -> None:
    shelf["common"] = entry()
    with pytest.raises(UsageError, match=r"must be fetched by hand from https://example\.org"):
        get("common")
    (tmp_path / "cv.tar.gz").write_bytes(tar(speech(3)))
    get("common", file=tmp_path / "cv.tar.gz")
    text = (data_home() / "common/data_set.yaml").read_text(encoding="utf-8")
    assert "cv.tar.gz" in text and "licence: CC0" in text
    with pytest.raises(InputError, match="is no file"):
        get("common", file=tmp_path / "none", again=True)


def test_cancelling(server: FileServer, shelf: dict[str, DataSetEntry]) -> None:
    shelf["talk"] = entry(piece(server, "/talk", tar(speech(4)), "tar"))
    cancel = Cancellation()

    def listener(event: events.Event) -> None:
        if isinstance(event, events.StageProgress):
            cancel.cancel()

    with pytest.raises(CancelledError):
        data_sets.run(data_sets.plan(DataSetsRequest(names=("talk",))), listener, cancel)
    assert not data_home().exists()


def test_names_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'musan'"):
        get("muzan")
    with pytest.raises(UsageError, match="there are no features 'nowhere'"):
        features_folder("nowhere")
    assert features_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_members_come_whole_however_the_bytes_come(form: str) -> None:
    members = {f"a/{n}.bin": bytes([n]) * (n * 40_000) for n in range(5)}
    archives = (
        [tar(members), tar(members, "w:xz")] if form == "tar" else [packed(members), packed(members, forwards=True)]
    )
    for content in archives:
        for size in (1, 100, 70_000):
            chunks = (content[i : i + size] for i in range(0, len(content), size))
            if size == 1 and len(content) > 5000:
                continue
            read = {name: b"".join(parts) for name, parts in ARCHIVES[form](Incoming(chunks))}
            assert read == members


def test_a_zip_that_cannot_be_read_while_it_comes() -> None:
    content = bytearray(packed({"a": b"1" * 100}))
    content[14] ^= 1  # the checksum of the first file
    for bad in (bytes(content), b"PK\x03\x04", packed({"a": b"1"}, zipfile.ZIP_LZMA), b"", b"text"):
        with pytest.raises(InputError, match="zip file is damaged or of another kind"):
            for _, parts in ARCHIVES["zip"](Incoming([bad])):
                list(parts)
