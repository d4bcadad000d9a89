"""A new package format and a new emulator: each is one class and one registration, and works in the real commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from board_images import write_manifest
from cli import Result, run_here

from wwtool import emulators, packages
from wwtool.doctor.profiles import check_profile
from wwtool.emulators.emulator import Emulator, Options
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import InputError, UsageError
from wwtool.firmware.link_map import PARTS, Part
from wwtool.firmware.sizes import Sizes
from wwtool.packages.package_format import Advice, Content, Image, PackageFormat
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

ROOT = Path(__file__).parents[2]
# The smallest run there is; its model is worth nothing.
TINY = """
phrase: hey computer
model: tcn32
synth: {positives: 50, near_misses: 50, sentence_hours: 0.05}
pools: {positives: 80, native_positives: 50, sentence_hours: 0.05, clean_sentence_hours: 0.05,
        near_miss_hours: 0.02, speech_hours: 0.03, clean_speech_hours: 0.03, noise_hours: 0.02}
train: {steps: 20, qat_steps: 20, batch: 16, checkpoint_steps: 20, teacher: {name: none},
        quantization: {allow_drop: true}}
"""


class Postcard(PackageFormat):
    """A project of one text file, which is built by writing its capitals."""

    name = "postcard"
    stands_alone = True
    products = ("*.tmp",)

    def require_platform(self, platform: Platform) -> None:
        if platform.name != "host":
            raise UsageError("postcards are only for this machine")

    def require_tools(self, platform: Platform) -> str:
        return "pen 1.0"

    def check(self, content: Content) -> None:
        assert content.tflite[4:8] == b"TFL3"

    def render(self, folder: Path, content: Content) -> None:
        (folder / "card.txt").write_text(f"{content.phrase}: {content.model.macs} multiplications\n")

    def build(self, folder: Path, content: Content, objects: Path, out: Path) -> Image:
        (out / f"{content.name}.card").write_text((folder / "card.txt").read_text().upper())
        sizes = Sizes(100, 50, 60, 30, 0, 0, tuple(Part(name, 0, 0) for name in PARTS))
        return Image({"card": out / f"{content.name}.card"}, sizes)

    def main_file(self, platform: Platform, files: dict[str, Path]) -> Path:
        return files["card"]

    def by_hand(self, platform: Platform, files: dict[str, Path]) -> str | None:
        return f"post {files['card']}"

    def advice(self, platform: Platform, build: Path, files: dict[str, Path]) -> list[Advice]:
        return [Advice("post it", f"lick {files['card'].name}")]


class Parrot(Emulator):
    """A board that repeats the size of its image and ends."""

    name = "parrot"
    has_microphone = False
    counts = "nothing"

    def start(self, platform: Platform, image: Path, options: Options) -> StdioBoard:
        words = f"print({platform.title!r}, {image.stat().st_size})"
        return StdioBoard([sys.executable, "-c", words], options.tcp_port, options.pty, "parrot")


def build(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> tuple[Path, Result]:
    config, out = tmp_path / "tiny.yaml", tmp_path / "out"
    config.write_text(TINY)
    words = ("build", "--platform", "host", "--config", config, "--framework", "postcard", "--out", out)
    return out, run_here(capsys, *words)


@pytest.mark.slow
def test_a_new_package_format_is_rendered_and_built(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(packages.FORMATS, Postcard.name, Postcard())
    out, result = build(capsys, tmp_path)
    assert result.code == 0, result.err
    assert "post it  lick hey_computer.card" in result.out
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["framework"], manifest["flash"]) == ("postcard", "post image/hey_computer.card")
    assert manifest["image"] == {"card": "image/hey_computer.card"}
    assert manifest["tools"]["compiler"] == "pen 1.0"
    card = (out / "image" / "hey_computer.card").read_text()
    assert card == (out / "firmware" / "card.txt").read_text().upper()
    assert card.startswith("HEY COMPUTER: ")


def test_without_its_registration_it_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, result = build(capsys, tmp_path)
    result.refused(2, "postcard", "bare-metal")


@pytest.fixture
def parrot(tmp_path: Path) -> tuple[Path, Path]:
    """A build folder and the profile of a user's own board, whose emulator is the new one."""
    profile = tmp_path / "perch.yaml"
    values = yaml.safe_load((ROOT / "platforms" / "pico.yaml").read_text())
    profile.write_text(
        yaml.safe_dump({**values, "name": "perch", "title": "Perch", "board": "pico", "emulator": "parrot"})
    )
    folder = tmp_path / "build"
    (folder / "image").mkdir(parents=True)
    (folder / "image" / "x.bin").write_bytes(bytes(300))
    write_manifest(folder, "pico", bin="image/x.bin")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "platform": "perch"}))
    return folder, profile


def test_a_new_emulator_runs_the_builds_that_name_it(
    capsys: pytest.CaptureFixture[str], parrot: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, profile = parrot
    monkeypatch.setitem(emulators.EMULATORS, Parrot.name, Parrot())
    result = run_here(capsys, "emulate", folder, "--platform", profile)
    assert (result.code, result.out.startswith("socket://127.0.0.1:")) == (0, True), result.err
    run_here(capsys, "emulate", folder, "--platform", profile, "--console", "usb").refused(2, "parrot has no usb")
    shown = run_here(capsys, "platforms", profile)
    assert "parrot" in shown.out


def test_without_its_registration_the_key_is_named(
    capsys: pytest.CaptureFixture[str], parrot: tuple[Path, Path]
) -> None:
    folder, profile = parrot
    run_here(capsys, "emulate", folder, "--platform", profile).refused(
        4, "emulator: 'parrot' is not known", "unicorn", ", none"
    )


def test_every_shipped_profile_names_what_there_is() -> None:
    for path in (ROOT / "platforms").glob("*.yaml"):
        check_profile(load_platform(path.stem))
    with pytest.raises(InputError, match=r"pico.yaml: frameworks: 'lace' is not known"):
        check_profile(load_platform("pico").model_copy(update={"frameworks": ("bare-metal", "lace")}))
