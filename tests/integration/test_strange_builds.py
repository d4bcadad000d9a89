"""Builds of somebody else: what is run, read, overwritten and deleted of them, and what is not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from board_images import write_manifest
from cli import SMALL, Result, run_here
from fake_boards import Bench
from flash_bench import S3, Flash, make_build

from wwtool import emulators
from wwtool.base.assets import asset_dir
from wwtool.base.files import sha256_of, write_json
from wwtool.device.session import Session
from wwtool.errors import InputError
from wwtool.firmware.builds import platform_of_build, read_build, sealed_manifest
from wwtool.platforms.load import load_platform

Run = Callable[..., Result]
EXAMPLE = asset_dir("platforms").parent / "examples" / "new-board"


@pytest.fixture
def wwtool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "small.yaml").write_text(SMALL)
    return partial(run_here, capsys)


@pytest.fixture
def strange(program: Path, tmp_path: Path, wwtool: Run) -> Path:
    """A build for this computer, complete and in order, that this user has not made."""
    folder = tmp_path / "strange"
    (folder / "image").mkdir(parents=True)
    shutil.copy(program, folder / "image" / "fake.elf")
    write_manifest(folder, "host", elf="image/fake.elf")
    return folder


def change(folder: Path, **values: Any) -> dict[str, Any]:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest.update(values)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return dict(manifest)


def own(folder: Path, **values: Any) -> None:
    """As if this user had built it."""
    write_json(folder / "manifest.json", sealed_manifest(change(folder, **values)))


# Programs of this computer


def test_a_program_of_somebody_else_needs_trust(strange: Path, wwtool: Run) -> None:
    wwtool("emulate", strange).refused(4, "was not built by this user", "--trust")
    with emulators.start(strange, trust=True) as board, Session(board.url) as session:
        assert session.info().model == "fake"


def test_a_program_of_ones_own_does_not(strange: Path) -> None:
    own(strange)
    with emulators.start(strange) as board, Session(board.url) as session:
        assert session.info().model == "fake"
    moved = strange.rename(strange.with_name("moved"))
    assert read_build(moved).is_own


@pytest.mark.parametrize(
    "values",
    [
        {"phrase": "other"},
        {"outputs": {"image/fake.elf": {"sha256": "0" * 64}}},
        {"image": {"elf": "image/other.elf"}},
        {"platform": "rpi_zero"},
        {"seal": "0" * 64},
        {"seal": None},
        {"more": 1},
    ],
)
def test_a_manifest_that_was_changed_is_not_ones_own(strange: Path, values: dict[str, Any]) -> None:
    own(strange)
    change(strange, **values)
    with pytest.raises(InputError):
        emulators.start(strange)


def test_ones_own_manifest_over_another_program(strange: Path, wwtool: Run) -> None:
    own(strange)
    (strange / "image" / "fake.elf").write_text("#!/bin/sh\ntouch gone\n")
    wwtool("emulate", strange).refused(4, "SHA-256 differs")
    wwtool("emulate", strange, "--trust").refused(4, "SHA-256 differs")


def test_without_a_place_for_a_secret_nothing_is_ones_own(strange: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    own(strange)
    with pytest.raises(InputError, match="--trust"):
        emulators.start(strange)


PATHS = ["../program", "/bin/true", "image/../../program", "image\\fake.elf", "link/fake.elf", "link.elf", "image", ""]


@pytest.mark.parametrize("path", PATHS)
def test_an_image_that_is_elsewhere(strange: Path, program: Path, wwtool: Run, path: str) -> None:
    shutil.copy(program, strange.parent / "program")
    (strange.parent / "other").mkdir()
    shutil.copy(program, strange.parent / "other" / "fake.elf")
    (strange / "link").symlink_to("../other")
    (strange / "link.elf").symlink_to("../program")
    own(strange, image={"elf": path}, outputs={path: {"sha256": sha256_of(program)}})
    wwtool("emulate", strange, "--trust").refused(4, "again")


def test_an_image_that_is_a_pipe_or_a_device(strange: Path, wwtool: Run) -> None:
    (strange / "image" / "fake.elf").unlink()
    os.mkfifo(strange / "image" / "fake.elf")
    wwtool("emulate", strange, "--trust").refused(4, "is missing")
    (strange / "manifest.json").unlink()
    for make in (lambda path: os.mkfifo(path), lambda path: path.symlink_to("/dev/zero")):
        make(strange / "manifest.json")
        wwtool("emulate", strange).refused(4, "manifest.json")
        wwtool("hil", "--port", "socket://127.0.0.1:1", "--build", strange).refused(4, "manifest.json")
        (strange / "manifest.json").unlink()


# What chip it is for


def test_the_profile_is_not_the_folders(strange: Path, tmp_path: Path) -> None:
    """A folder that says it is for a board in an emulator, of which this computer is to run the program."""
    image = tmp_path / "b"
    (image / "image").mkdir(parents=True)
    (image / "image" / "x.bin").write_bytes(bytes(4096))
    write_manifest(image, "nano33ble", bin="image/x.bin")
    profile = {**load_platform("host").recorded(), "name": "nano33ble"}
    change(image, profile=profile, image={"bin": "image/x.bin", "elf": "image/x.bin"})
    assert read_build(image).platform == load_platform("nano33ble")
    with pytest.raises(InputError, match="built for nano33ble, which rp2040js does not emulate"):
        emulators.pico.start(image)
    assert read_build(image).platform.emulator == "unicorn"


def test_a_profile_of_ones_own_is_named(wwtool: Run, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example")
    profile = tmp_path / "example" / "feather_stm32f405.yaml"
    build = tmp_path / "b"
    build.mkdir()
    (build / "x.bin").write_bytes(b"")
    write_json(build / "manifest.json", {
        "schema": "wwtool.manifest", "platform": "feather_stm32f405", "phrase": "x", "model": {"sha256": "0"},
        "profile": {**load_platform("host").recorded(), "name": "feather_stm32f405"},
        "image": {"bin": "x.bin", "elf": "x.bin"}, "outputs": {"x.bin": {"sha256": "0"}},
    })  # fmt: skip
    for command in ("emulate", "flash"):
        wwtool(command, build).refused(4, "which wwtool does not know", "--platform FILE.yaml")
        wwtool(command, build, "--platform", "pico").refused(4, "built for feather_stm32f405, not for pico")
    wwtool("emulate", build, "--platform", profile).refused(4, "SHA-256 differs")
    own(build, profile=load_platform(str(profile)).recorded())
    assert read_build(build).platform.emulator == "qemu-arm"


def test_an_image_with_the_name_of_something_else(bench: Bench, run: Flash, tmp_path: Path, board: str) -> None:
    """Its tool would take it for settings, or a script."""
    build = make_build(tmp_path / "b", "esp32s3")
    bench.plug(board, S3)
    bench.module("esptool")
    for name in ("image/esptool.cfg", "image/pyocd_user.py", "image/bin"):
        shutil.copy(build / "image" / "hey.bin", build / name)
        change(build, image={"bin": name}, outputs={name: {"sha256": sha256_of(build / name)}})
        run(build).refused(4, "which it is not")
    assert bench.calls() == []


def test_the_image_of_another_board(wwtool: Run, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b", "nano33ble")
    change(build, platform="esp32s3")
    wwtool("emulate", build).refused(4, "no ESP32 image")


# Building into a folder that somebody else has filled


BUILD = ["build", "--platform", "host", "--config", "small.yaml", "--out", "out"]


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "precious.npz").write_text("mine")
    (folder / "stages.json").write_text("{}")
    return folder


def tree(folder: Path) -> list[tuple[str, bytes]]:
    return [(str(path), path.read_bytes() if path.is_file() else b"") for path in sorted(folder.rglob("*"))]


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("run", "victim"), ("firmware", "victim"), ("image", "victim"), ("hil", "victim"),
        ("manifest.json", "victim/stages.json"), ("report.html", "victim/new"), ("model.tflite", "victim/deep/new"),
        ("run/pools", "victim/deep"), ("run/clips", "victim"), ("run/clips/train", "victim/deep"),
        ("run/checkpoint.safetensors", "victim/new"), ("run/search/tcn32", "victim"), ("run/stages.json", "victim/new"),
    ],
)  # fmt: skip
def test_links_out_of_it_are_refused(wwtool: Run, victim: Path, tmp_path: Path, link: str, target: str) -> None:
    path = tmp_path / "out" / link
    (tmp_path / "out" / "run").mkdir(parents=True)
    (tmp_path / "out" / "run" / "stages.json").write_text("{}")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / target)
    before = tree(victim)
    wwtool(*BUILD).refused(4, f"{path.name} is a link that leads out")
    if link.startswith("run/"):
        wwtool("train", "small.yaml", "--platform", "host", "--out", "out/run").refused(4, "leads out")
    assert tree(victim) == before


@pytest.mark.parametrize(
    "name", ["firmware/main.c", "image/x.bin", "hil/a.wav", "run/x", "model.tflite", "manifest.json", "report.html"]
)
def test_files_that_only_have_such_names(wwtool: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    wwtool(*BUILD).refused(4, name.partition("/")[0], "was not made by wwtool", "--out")
    assert tree(tmp_path / "out")[-1] == (str(path), b"mine")


@pytest.mark.parametrize(
    "name", ["clips/a.npy", "pools/mine.npz", "checkpoint.safetensors", "model.tflite", "evaluation.json", "search/x"]
)
def test_files_that_a_run_would_overwrite(wwtool: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    wwtool("train", "small.yaml", "--platform", "host", "--out", "out").refused(4, "was not made by wwtool", "--out")
    assert path.read_text() == "mine"


def test_work_in_the_firmware_is_told_before_the_training(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "out" / "run").mkdir(parents=True)
    (tmp_path / "out" / "run" / "stages.json").write_text("{}")
    nested = tmp_path / "out" / "firmware" / "nested"
    (nested / "run").mkdir(parents=True)
    write_json(tmp_path / "out" / "firmware" / "ww_files.json", {"files": {"main.c": "0" * 64}})
    (nested / "run" / "stages.json").write_text("{}")
    wwtool(*BUILD).refused(4, "nested/run/stages.json was not made by wwtool", "--overwrite")
    assert (nested / "run" / "stages.json").read_text() == "{}"


def test_half_files_that_are_not_wwtools_stay(wwtool: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = [".x.partial", "run/.x.partial", "run/pools/.y.partial", "nested/.a.0123456789abcdef.partial"]
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    ours = out / "run" / "pools" / ".p.npz.0123456789abcdef.partial"
    ours.write_text("half")
    (out / "run" / "stages.json").write_text("{}")
    (out / "firmware").mkdir()
    (out / "firmware" / "note").write_text("mine")
    wwtool(*BUILD).refused(4, "note")
    assert all((out / name).read_text() == "mine" for name in names)
    assert not ours.exists()


# Reading a run


def test_pipes_in_a_run_are_not_waited_for(wwtool: Run, tmp_path: Path) -> None:
    run = tmp_path / "r"
    run.mkdir()
    os.mkfifo(run / "checkpoint.safetensors")
    wwtool("export", run).refused(4, "checkpoint.safetensors")
    os.mkfifo(run / "model.tflite")
    os.mkfifo(run / "evaluation.json")
    (tmp_path / "d").mkdir()
    wwtool("evaluate", run, "--data", tmp_path / "d").refused(4, "model.tflite")


# Writing into a folder of somebody's own


SYNTH = [
    "data",
    "synth",
    "hey computer",
    "--positives",
    "2",
    "--near-misses",
    "0",
    "--sentence-hours",
    "0",
    "--out",
    "d",
]


@pytest.mark.parametrize(
    "index", ["path,label\nmine.wav,positive\n", "", "path,label,speaker,text\nmine.wav,positive,,\n", "\xff"]
)
def test_an_index_of_ones_own_is_not_replaced(wwtool: Run, tmp_path: Path, index: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "index.csv").write_bytes(index.encode("latin-1"))
    wwtool(*SYNTH).refused(4, "index.csv was not made by wwtool")
    assert [content for _, content in tree(tmp_path / "d")] == [index.encode("latin-1")]


def test_an_index_of_wwtools_is(wwtool: Run, tmp_path: Path) -> None:
    for count in ("2", "3"):
        result = wwtool(*SYNTH[:4], count, *SYNTH[5:])
        assert result.code == 0, result.err
    assert len((tmp_path / "d" / "index.csv").read_text().splitlines()) == 4


def test_an_export_replaces_models_alone(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("mine, all of it")
    wwtool("export", tmp_path, "-o", "thesis.odt").refused(4, "thesis.odt exists and is not a tflite model")
    (tmp_path / "thesis.odt").write_bytes(b"\x1c\0\0\0TFL3")
    wwtool("export", tmp_path, "-o", "thesis.odt").refused(4, "no finished training run")


def test_hil_takes_the_chip_from_the_installed_profile(strange: Path) -> None:
    """Not from the folder, by which any board would be large and slow enough."""
    profile: dict[str, Any] = load_platform("pico").recorded()
    memory = {**profile["memory"], "ram_bytes": 1 << 30}
    folder: dict[str, Any] = {"platform": "pico", "profile": {**profile, "memory": memory}}
    assert platform_of_build(strange, folder).memory.ram_bytes == load_platform("pico").memory.ram_bytes
    mine = {**folder, "platform": "mine", "profile": {**folder["profile"], "name": "mine"}}
    with pytest.raises(InputError, match="which wwtool does not know"):
        platform_of_build(strange, mine)
    assert platform_of_build(strange, sealed_manifest(mine)).memory.ram_bytes == 1 << 30
