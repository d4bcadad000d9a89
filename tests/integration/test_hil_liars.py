"""``wwtool hil`` and a board that lies or does not stop talking: exit 6 and one sentence.

Nothing of what the board sends reaches the terminal as it is.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import rude_boards as rude
from board_images import random_tflite
from cli import Result, run_here
from rude_lies import LIES

from wwtool import __version__
from wwtool.base.records import read_manifest
from wwtool.device import session
from wwtool.evaluation.detector import DetectorConfig
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model

Hil = Callable[..., Result]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of a build for the ESP32-S3 as ``hil`` reads for latency and memory."""
    folder = tmp_path_factory.mktemp("build")
    content = random_tflite("tcn32")
    (folder / "model.tflite").write_bytes(content)
    manifest = {
        "schema": "wwtool.manifest", "version": 1, "wwtool": __version__, "platform": "esp32s3", "phrase": "hey you",
        "profile": load_platform("esp32s3").recorded(), "detector": DetectorConfig().model_dump(),
        "model": {"sha256": hashlib.sha256(content).hexdigest(), "macs": 20_000},
        "image": {"bin": "image/hey_you.bin"}, "outputs": {},
        "final": {
            "sizes": {"stack_reserved": 4096}, "arena_bytes": 400, "state_bytes": 3368,
            "cycles": {"frontend": 124519, "invoke": 189907}, "estimated": [],
            "limits": [
                {"name": "latency", "used": 1.2, "limit": 15.0, "unit": "ms", "fits": True},
                {"name": "duty cycle", "used": 12.8, "limit": 50.0, "unit": "%", "fits": True},
            ],
        },
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def hil(build: Path, capsys: pytest.CaptureFixture[str]) -> Hil:
    """Runs it against the board with a lie; ``info`` is what the board says besides."""
    graph = parse_model((build / "model.tflite").read_bytes())
    source = graph.tensor(graph.inputs[0])
    says = {
        "sha256": read_manifest(build)["model"]["sha256"], "version": __version__, "input": str(source.nbytes),
        "frames": str(source.shape[1]), "output": str(graph.tensor(graph.outputs[0]).nbytes),
    }  # fmt: skip

    def run(lie: Callable[[bytes], bytes], *options: str | Path, info: dict[str, str] | None = None) -> Result:
        board = rude.Board({**says, **(info or {})})
        with rude.plugged(partial(rude.Spoilt, spoil=lambda _, data: lie(data)), board):
            given = options or ("--suite", "latency,memory", "--build", build)
            return run_here(capsys, "hil", "--port", rude.URL, *given)

    return run


def honest(data: bytes) -> bytes:
    return data


def test_an_honest_board(hil: Hil, tmp_path: Path, build: Path) -> None:
    report, junit = tmp_path / "hil.json", tmp_path / "hil.xml"
    result = hil(honest, "--suite", "latency,memory", "--build", build, "--json", report, "--junit", junit)
    assert result.code == 0, result.err
    cases = [case for suite in json.loads(report.read_text())["suites"] for case in suite["cases"]]
    assert [case["name"] for case in cases] == ["inference", "limit", "duty cycle", "stack", "overruns"]
    assert all(case["passed"] and case["checked"] for case in cases)


def test_without_a_build_what_cannot_be_checked_is_not_passed(hil: Hil, tmp_path: Path) -> None:
    report, junit = tmp_path / "hil.json", tmp_path / "hil.xml"
    result = hil(honest, "--suite", "latency,memory", "--json", report, "--junit", junit)
    assert result.code == 0, result.err
    assert result.out.count("not checked") == 1
    cases = {case["name"]: case for suite in json.loads(report.read_text())["suites"] for case in suite["cases"]}
    assert not cases["stack"]["passed"] and not cases["stack"]["checked"]
    assert junit.read_text().count("<skipped ") == 1
    # What its profile says holds all the same.
    result = hil(lambda data: data.replace(b"stack=1248", b"stack=9000000"), "--suite", "memory")
    assert result.code == 6 and "its chip has 524288" in result.out
    result = hil(LIES["no cycles"][0], "--suite", "latency")
    assert result.code == 6 and "counts no cycles" in result.out
    result = hil(LIES["slower than the limit"][0], "--suite", "latency")
    assert result.code == 6 and "the limit is 15000 us" in result.out


def test_a_board_that_nobody_knows(hil: Hil) -> None:
    """It must keep up with what it hears, all the same: three frames of 10 ms."""
    options = ("--suite", "latency")
    assert hil(honest, *options, info={"board": "my_own"}).code == 0
    result = hil(LIES["a latency of 5 s"][0], *options, info={"board": "my_own"})
    assert result.code == 6 and "the limit is 30000 us" in result.out
    result = hil(honest, *options, info={"board": "my_own", "frames": "0"})
    assert result.code == 0 and "not checked" in result.out


SUITE_LIES = [
    "no latency", "a latency of 5 s", "slower than the limit", "no cycles", "no stack", "more stack than limit",
    "lost samples",
]  # fmt: skip
TOLD_LIES = [
    "a negative stack",
    "a negative input",
    "an input of 4 GB",
    "an input of 5000 digits",
    "another board",
    "another name",
    "markup in the phrase",
    "escapes in the phrase",
    "an error with escapes",
    "short features",
    "cycles of 5000 digits",
    "results that are no number",
    "a stamp of 5000 digits",
]


@pytest.mark.parametrize("name", SUITE_LIES)
def test_a_suite_fails(hil: Hil, name: str) -> None:
    result = hil(LIES[name][0])
    result.refused(6, "failed on esp32s3")
    assert "✗" in result.out


@pytest.mark.parametrize("name", TOLD_LIES)
def test_one_sentence(hil: Hil, name: str) -> None:
    result = hil(LIES[name][0], info={"input": "120"} if "input" in name else None)
    result.refused(6)
    for sign in "\x1b\x07":
        assert sign not in result.out + result.err


@pytest.mark.parametrize("field", ["version", "phrase", "arena", "state", "input", "output", "frames", "step", "rate"])
def test_another_program_of_the_same_model(hil: Hil, field: str) -> None:
    hil(honest, info={field: "7"}).refused(6, "the board says that its", "the build has")


def test_markup_is_shown_as_it_is(hil: Hil) -> None:
    result = hil(honest, "--suite", "memory", info={"phrase": "[/red] [bold]hey", "version": "[link=file:///x]1"})
    assert result.code == 0
    assert "“[/red] [bold]hey”" in result.out and "[link=file:///x]1" in result.out


@pytest.mark.parametrize("limit", ["nan", "inf", 0.0, -1.0, "x", None])
def test_a_limit_that_is_none(hil: Hil, build: Path, tmp_path: Path, limit: object) -> None:
    manifest = read_manifest(build)
    manifest["final"]["limits"][0]["limit"] = limit
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "model.tflite").write_bytes((build / "model.tflite").read_bytes())
    hil(honest, "--suite", "latency", "--build", tmp_path).refused(4, "not a manifest of this version")


@pytest.mark.parametrize("text", [b"I (12) wifi: run\r\n" * 100, b"x" * 4000, bytes(range(128, 256)) * 10])
def test_a_flood_on_a_socket(text: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(session, "_SYNC_TIMEOUT_S", 0.4)
    server = socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        try:
            connection, _ = server.accept()
            while True:
                connection.sendall(text)
        except OSError:
            pass

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    began = time.monotonic()
    url = f"socket://127.0.0.1:{server.getsockname()[1]}"
    run_here(capsys, "hil", "--port", url, "--suite", "memory").refused(6, url)
    assert time.monotonic() - began < 20
    server.close()
    thread.join(timeout=5)


@pytest.mark.parametrize("url", ["hwgrep://(((", "socket://", "alt://?class=x", "nothing://here"])
def test_ports_that_are_none(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_here(capsys, "hil", "--port", url, "--suite", "memory").refused(6, "cannot open the port")
