"""A published model of ESPHome as firmware: built from its file, tested on the emulated board, evaluated, exported."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from cli import emulation_missing, run_here
from float_models import as_float
from framework_projects import STAND_INS
from output_schemas import check_output
from test_data_files import babble
from windowed import windowed_tflite

from wwtool.data.audio import write_audio
from wwtool.emulators import Options, emulator_of
from wwtool.platforms.load import load_platform

SPEC = importlib.util.find_spec("pymicro_wakeword")
PUBLISHED = Path(SPEC.origin).parent / "models" if SPEC and SPEC.origin else Path()

pytestmark = [
    pytest.mark.skipif(SPEC is None, reason="pymicro-wakeword is not installed"),
    pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there"),
]


def build(capsys: pytest.CaptureFixture[str], name: str, board: str, out: Path, *more: str | Path) -> tuple[int, str]:
    model, manifest = PUBLISHED / f"{name}.tflite", PUBLISHED / f"{name}.json"
    files = ("--model-file", model, "--manifest", manifest)
    result = run_here(capsys, "build", "--platform", board, *files, "--out", out, *more)
    return result.code, result.out + result.err


def hil(capsys: pytest.CaptureFixture[str], board: str, folder: Path) -> tuple[int, str]:
    platform = load_platform(board)
    emulator = emulator_of(platform)
    assert emulator is not None
    image = folder / json.loads((folder / "manifest.json").read_text())["image"][emulator.image_kind]
    with emulator.start(platform, image, Options()) as running:
        result = run_here(capsys, "hil", "--port", running.url, "--build", folder)
    return result.code, result.out


def test_a_published_model_on_an_emulated_pico(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "build"
    code, out = build(capsys, "hey_jarvis", "pico", folder)
    assert (code, "nothing is measured yet" in out) == (0, True), out
    manifest = json.loads((folder / "manifest.json").read_text())
    check_output(manifest)
    assert manifest["evaluation"] is None
    assert manifest["inputs"]["imported"] == {"file": "hey_jarvis.tflite", "manifest": "hey_jarvis.json"}
    assert manifest["budget"]["sizes"] == manifest["final"]["sizes"]
    assert (folder / "model.tflite").read_bytes() == (PUBLISHED / "hey_jarvis.tflite").read_bytes()

    assert "wwtool emulate" in out
    code, out = hil(capsys, "pico", folder)
    assert code == 0, out
    assert all(f"✓ {suite}" in out for suite in ("parity", "stream", "latency", "memory")), out

    heard = run_here(capsys, "evaluate", folder, "--wav", folder / "hil" / "stream.wav")
    assert (heard.code, heard.err) == (0, "")  # the manifest's detector: no --threshold is needed
    exported = run_here(capsys, "export", folder, "--format", "cmake", "--out", tmp_path / "cmake")
    assert exported.code == 0, exported.err
    run_here(capsys, "evaluate", folder, "--calibrate", folder / "hil").refused(4, "has no evaluation")

    code, out = build(capsys, "hey_jarvis", "pico", folder)
    assert (code, out.count("unchanged")) == (0, 3), out


@pytest.mark.parametrize("sdk", ["", "pico_sdk"])
def test_a_project_for_a_framework_is_neither_emulated_nor_flashed_nor_tested(
    sdk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is what its SDK has built of it, a program that does not speak with wwtool."""
    monkeypatch.setenv("PICO_SDK_PATH", str(STAND_INS / sdk) if sdk else "")
    folder = tmp_path / "build"
    code, out = build(capsys, "hey_jarvis", "pico", folder, "--framework", "pico-sdk")
    assert (code, "wwtool emulate" in out) == (0, False), out
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["image"] == {}
    assert {name for name in manifest["outputs"] if name.startswith("image/")} == (
        {"image/hey_jarvis.uf2", "image/hey_jarvis.elf"} if sdk else set()
    )
    board = ("--port", "socket://127.0.0.1:1")
    commands = (
        ("emulate", folder),
        ("flash", folder, "--port", tmp_path),
        ("hil", "--build", folder, *board),
        ("hil", "--build", folder, *board, "--suite", "memory"),
        ("bringup", "--platform", "pico", "--build", folder, *board),
    )
    for words in commands:
        run_here(capsys, *words).refused(4, "own tools build and flash it; build it with --framework bare-metal")


def test_a_model_of_whole_windows_on_an_emulated_pico(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, card, folder = tmp_path / "kws.tflite", tmp_path / "kws.yaml", tmp_path / "build"
    model.write_bytes(windowed_tflite((1, 49, 40), 49))
    card.write_text(
        "wake_word: computer\nprobability_cutoff: 0.8\nlabels: [silence, other, computer, stop]\n"
        "inference_step_size: 50\n"
    )
    result = run_here(
        capsys, "build", "--platform", "pico", "--model-file", model, "--manifest", card, "--out", folder
    )  # fmt: skip
    assert result.code == 0, result.err
    code, out = hil(capsys, "pico", folder)
    assert code == 0, out


@pytest.mark.slow
def test_a_float_model_on_an_emulated_pico(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From floats and recordings to firmware, without a training."""
    (tmp_path / "float.tflite").write_bytes(as_float((PUBLISHED / "hey_jarvis.tflite").read_bytes()))
    for number in range(4):
        write_audio(tmp_path / f"audio/{number}.wav", babble(number, 2.0))
    words = (tmp_path / "float.tflite", "--data", tmp_path / "audio", "-o", tmp_path / "int8.tflite")
    assert run_here(capsys, "quantize", *words, "--output-type", "uint8").code == 0
    assert run_here(capsys, "diff", tmp_path / "int8.tflite", "--rows", "20").code == 0
    (tmp_path / "word.yaml").write_text("wake_word: hey jarvis\nprobability_cutoff: 0.9\n")
    files = ("--model-file", tmp_path / "int8.tflite", "--manifest", tmp_path / "word.yaml")
    built = run_here(capsys, "build", "--platform", "pico", *files, "--out", tmp_path / "build")
    assert built.code == 0, built.err
    code, out = hil(capsys, "pico", tmp_path / "build")
    assert code == 0, out
    target = ("--format", "esphome", "--platform", "esp32s3", "--out", tmp_path / "esphome")
    exported = run_here(capsys, "export", tmp_path / "build", *target)
    assert exported.code == 0, exported.err


@pytest.mark.slow
@pytest.mark.parametrize(("name", "board"), [("okay_nabu", "nano33ble"), ("alexa", "esp32s3"), ("hey_mycroft", "pico")])
def test_the_others_on_the_other_boards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, board: str
) -> None:
    code, out = build(capsys, name, board, tmp_path / "build")
    assert code == 0, out
    code, out = hil(capsys, board, tmp_path / "build")
    assert code == 0, out


def test_a_model_that_does_not_fit_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = tmp_path / "small.yaml"
    small.write_text("budget: {flash_bytes: 30000}\n")
    code, out = build(capsys, "alexa", "pico", tmp_path / "build", "--config", small)
    assert (code, "choose a larger board" in out) == (3, True), out
    assert not (tmp_path / "build").exists()
