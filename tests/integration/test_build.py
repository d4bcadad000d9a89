"""The whole build, as small as can be: cached, interrupted, altered, over budget, from recordings, on the emulator."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli import SMALL, emulation_missing, end_when, run_apart
from output_schemas import check_output

from wwtool.base.files import write_json
from wwtool.data.audio import read_audio, write_audio
from wwtool.emulators import pico
from wwtool.models.names import architecture_of
from wwtool.models.pretrained import origin

# The limits that the product is held to, in bytes.
MOST_CODE = 29 * 1024  # with the fast kernels and front end; the commands and facts that test a board took the last KB
MOST_RAM = 40 * 1024  # beside what is copied from flash

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there"),
]


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def built(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build that tests only read."""
    folder = tmp_path_factory.mktemp("build") / "reference"
    result = run_apart(*_build(config, folder))
    assert (result.code, result.err) == (0, "")
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A finished build to play with."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def _build(config: Path, out: Path, *more: str | Path) -> list[str | Path]:
    return ["build", "--platform", "pico", "--config", config, "--out", out, *more]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _stages(out: str) -> dict[str, bool]:
    """Each stage of a build's output, and whether it was run again."""
    lines = [line.split() for line in out.splitlines() if line.strip().startswith("✓")]
    return {words[1]: words[-1] != "unchanged" for words in lines}


def _leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial"))


def test_manifest_and_files_agree(built: Path) -> None:
    manifest = _manifest(built)
    assert manifest["schema"] == "wwtool.manifest"
    for name in ("manifest.json", "run/evaluation.json", "run/dataset.json"):
        if (built / name).exists():
            check_output(json.loads((built / name).read_text()))
    began_with = origin(architecture_of(manifest["model"]["name"]))
    assert manifest["inputs"]["pretrained"] == (asdict(began_with) if began_with else None)
    assert len(manifest["outputs"]) >= 4
    for name, facts in manifest["outputs"].items():
        assert _sha256(built / name) == facts["sha256"]
        assert (built / name).stat().st_size == facts["bytes"]
    assert (built / "report.html").read_text().startswith("<!doctype html>")
    assert not _leftovers(built)


def test_sizes_are_within_the_limits(built: Path) -> None:
    sizes = _manifest(built)["final"]["sizes"]
    assert 8 * 1024 < sizes["code_flash"] <= MOST_CODE
    assert 2 * 1024 < sizes["model_ram"] < sizes["ram"] - sizes["resident_ram"] <= MOST_RAM
    # What the linker says, not what was added up: the flashed bytes are all there is.
    assert sizes["flash"] >= (built / "image" / "hey_computer.bin").stat().st_size


def test_the_dry_build_told_them_to_the_byte(built: Path) -> None:
    manifest = _manifest(built)
    budgeted, final = manifest["budget"], manifest["final"]
    assert budgeted["estimated"] == final["estimated"] == []
    assert budgeted["sizes"] == final["sizes"]
    assert "equals it to the byte" in (built / "report.html").read_text()
    assert 500 < final["stack_bytes"] < final["sizes"]["stack_reserved"]
    assert final["energy"]["mean_mw"] > 0


def test_peak_memory(built: Path) -> None:
    """Of the largest of all programs so far; a build runs three at a time."""
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert kilobytes * 1024 < (4 << 30) // 3


def test_a_second_run_changes_nothing(config: Path, copy: Path) -> None:
    before = (copy / "manifest.json").read_bytes()
    since = time.monotonic()
    result = run_apart(*_build(config, copy))
    assert (result.code, result.err) == (0, "")
    assert time.monotonic() - since < 20
    assert not any(_stages(result.out).values())
    assert len(_stages(result.out)) == 8
    assert (copy / "manifest.json").read_bytes() == before


def test_another_detector_needs_no_training(config: Path, copy: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(SMALL + "detector: {lockout_ms: 900}\nevaluate: {false_alarms_per_hour: 2.0}\n")
    model = _sha256(copy / "model.tflite")
    result = run_apart(*_build(changed, copy))
    assert (result.code, result.err) == (0, "")
    again = {stage for stage, ran in _stages(result.out).items() if ran}
    assert again == {"quantization", "evaluate", "firmware"}
    assert _sha256(copy / "model.tflite") == model
    assert _manifest(copy)["detector"]["lockout"] == 30


def test_what_is_altered_or_gone_is_made_again(config: Path, copy: Path) -> None:
    manifest = (copy / "manifest.json").read_text()
    pool = next((copy / "run" / "pools").glob("*.npz"))
    right = _sha256(pool)
    pool.write_bytes(pool.read_bytes()[:1000])
    (copy / "model.tflite").unlink()
    shutil.rmtree(copy / "firmware")
    (copy / "image" / "hey_computer.uf2").write_bytes(b"not an image")
    (copy / "run" / "clips" / "dev" / "sentences.npy").unlink()
    result = run_apart(*_build(config, copy))
    assert (result.code, result.err) == (0, "")
    again = {stage for stage, ran in _stages(result.out).items() if ran}
    assert again == {"data", "features", "firmware"}
    assert _sha256(pool) == right
    assert (copy / "firmware" / "Makefile").is_file()
    assert json.loads((copy / "manifest.json").read_text())["outputs"] == json.loads(manifest)["outputs"]


def test_work_in_the_firmware_is_kept(config: Path, copy: Path) -> None:
    source = copy / "firmware" / "core" / "ww_app.c"
    source.write_text(source.read_text() + "/* mine */\n")
    run_apart(*_build(config, copy)).refused(4, "ww_app.c was changed since wwtool wrote it", "--overwrite")
    assert source.read_text().endswith("/* mine */\n")
    result = run_apart(*_build(config, copy, "--overwrite"))
    assert (result.code, result.err) == (0, "")
    assert {stage for stage, ran in _stages(result.out).items() if ran} == {"firmware"}
    assert "mine" not in source.read_text()


def test_the_firmware_of_another_user_is_made_again(
    config: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its image and its sources, in order by all hashes, are not what this user would build."""
    image, record = copy / "image" / "hey_computer.uf2", copy / "run" / "stages.json"
    right = _sha256(image)
    image.write_bytes(b"theirs")
    record.write_text(record.read_text().replace(right, _sha256(image)))
    for folder in ("firmware", "image"):
        names = copy / folder / "ww_files.json"
        names.write_text(names.read_text().replace(right, _sha256(image)))
    (copy / "run" / "objects" / "board").mkdir(parents=True)
    (copy / "run" / "objects" / "board" / "link.ld").write_text("no linker script at all")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    result = run_apart(*_build(config, copy))
    assert (result.code, result.err) == (0, "")
    assert {stage for stage, ran in _stages(result.out).items() if ran} == {"firmware"}
    assert _sha256(image) == right


def _moments(out: Path) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Where a build is interrupted: each comes after the one before it."""
    run = out / "run"
    yield "budget", lambda: out.exists()
    yield "synthesis", lambda: (run / "clips" / "train" / "positive_synthetic.npy").exists()
    yield "features", lambda: (run / "pools").exists()
    yield "training", lambda: (run / "checkpoint.safetensors").exists()
    yield "evaluation", lambda: (run / "model.tflite").exists()
    yield "firmware", lambda: any(run.glob(".objects.*"))


@pytest.mark.parametrize(
    ("number", "moments"),
    [
        (signal.SIGKILL, ["budget", "synthesis", "features", "training", "evaluation", "firmware"]),
        (signal.SIGINT, ["budget", "synthesis", "training"]),
        (signal.SIGTERM, ["features"]),
    ],
)
def test_interrupted_it_ends_with_the_same_model(
    number: signal.Signals, moments: list[str], config: Path, built: Path, tmp_path: Path
) -> None:
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    ended = 0
    for moment, ready in _moments(out):
        if moment not in moments:
            continue
        result = end_when(_build(config, out), ready, number, TMPDIR=str(temporary))
        if result is None:
            continue
        ended += 1
        if number is signal.SIGKILL:
            assert result.code == -signal.SIGKILL
            continue
        assert result.code == 130, (moment, result.err)
        assert result.err.strip() == "interrupted; run the same command again to go on", moment
        assert not _leftovers(out), moment
        ours = [path for path in temporary.iterdir() if path.name.startswith("wwtool")]
        assert not ours, moment
    assert ended >= len(moments) - 1  # the last may be over before it is seen
    result = run_apart(*_build(config, out))
    assert result.code == 0, result.err
    assert _sha256(out / "model.tflite") == _sha256(built / "model.tflite")
    assert not _leftovers(out)


def test_over_budget(tmp_path: Path) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(SMALL + "budget: {flash_bytes: 20000}\n")
    result = run_apart(*_build(strict, tmp_path / "out"))
    result.refused(3, "no model of the zoo fits", "nearest is tcn32", "flash", "18,000", "raise the budget")
    assert "USED" in result.out
    assert "over" in result.out
    assert "fits" in result.out
    assert not (tmp_path / "out").exists()
    strict.write_text(SMALL + "budget: {flash_bytes: 38000}\n")
    forced = ["--model", "tcn64"]
    run_apart(*_build(strict, tmp_path / "out", *forced)).refused(3, "tcn64 does not fit", "--model tcn32")
    train: list[str | Path] = ["train", strict, "--platform", "pico", "--out", tmp_path / "out", *forced]
    run_apart(*train).refused(3, "--model tcn32")
    assert not (tmp_path / "out").exists()


def test_the_emulated_board_gives_the_same_bytes(built: Path, copy: Path, tmp_path: Path) -> None:
    with pico.start(built) as emulator:
        report = tmp_path / "hil.json"
        result = run_apart(
            "hil", "--port", emulator.url, "--build", built, "--json", report, "--junit", tmp_path / "hil.xml"
        )  # fmt: skip
        assert (result.code, result.err) == (0, ""), result.out
        suites = {suite["suite"]: suite for suite in json.loads(report.read_text())["suites"]}
        assert set(suites) == {"parity", "stream", "latency", "memory"}
        assert all(suite["passed"] for suite in suites.values())
        assert "testsuite" in (tmp_path / "hil.xml").read_text()
        # The same board, and a build that is not on it.
        model = copy / "model.tflite"
        model.write_bytes(model.read_bytes() + b"\0")
        manifest = json.loads((copy / "manifest.json").read_text())
        manifest["model"]["sha256"] = _sha256(model)
        write_json(copy / "manifest.json", manifest)
        run_apart("hil", "--port", emulator.url, "--build", copy).refused(6, "flash it", "hey computer")


def test_soak_on_the_emulated_board(built: Path, tmp_path: Path) -> None:
    audio, wav, report = read_audio(built / "hil" / "stream.wav"), tmp_path / "a.wav", tmp_path / "hil.json"
    write_audio(wav, audio[: 2 * 16000])
    options: list[str | Path] = ["--suite", "soak", "--soak-seconds", "5", "--wav", wav]
    with pico.start(built) as emulator:
        result = run_apart("hil", "--port", emulator.url, "--build", built, *options, "--json", report)
    assert (result.code, result.err) == (0, ""), result.out
    (suite,) = json.loads(report.read_text())["suites"]
    assert suite["suite"] == "soak" and suite["passed"] and suite["metrics"]["rounds"] >= 1


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an index, some of whose files cannot be used."""
    folder = tmp_path_factory.mktemp("recordings") / "data"
    amounts = ["--positives", "80", "--near-misses", "30", "--sentence-hours", "0.03"]
    assert run_apart("data", "synth", "hey computer", "--out", folder, *amounts).code == 0
    whole = next((folder / "positive").rglob("*.flac")).read_bytes()
    (folder / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (folder / "page.wav").write_text("<html>404</html>")
    (folder / "empty.wav").touch()
    (folder / os.fsdecode(b"caf\xe9.flac")).write_bytes(whole)
    write_audio(folder / os.fsdecode(b"st\xefll.wav"), np.zeros(16000, np.int16))
    write_audio(folder / os.fsdecode(b"s\xf6ft.wav"), (np.arange(16000) % 20).astype(np.int16))
    names = (b"cut.flac", b"page.wav", b"empty.wav", b"caf\xe9.flac", b"st\xefll.wav", b"s\xf6ft.wav")
    with (folder / "index.csv").open("ab") as index:
        index.writelines(name + b",positive,somebody,\n" for name in names)
    return folder


PHRASE = 'Öffne "%s" \\n $HOME */ ??/ <b>[red]'


def test_recordings_alone_with_a_wild_phrase(config: Path, recordings: Path, tmp_path: Path) -> None:
    before = {path: _sha256(path) for path in recordings.rglob("*") if path.is_file()}
    out = tmp_path / os.fsdecode("100%s, ö [b]".encode() + b"\xe9")
    result = run_apart(*_build(config, out, "--phrase", PHRASE, "--data", recordings, "--no-synth"))
    assert (result.code, result.err) == (0, "")
    assert PHRASE in result.out
    skipped, doubtful = (_manifest(out)["inputs"]["data"][key] for key in ("skipped", "doubtful"))
    assert {entry["path"] for entry in skipped} == {"cut.flac", "page.wav", "empty.wav", r"st\xefll.wav"}
    assert [entry["path"] for entry in doubtful] == [r"s\xf6ft.wav"]
    assert r"caf\xe9.flac" in [clip["path"] for clip in json.loads((out / "run/dataset.json").read_text())["clips"]]
    for entry in skipped + doubtful:
        assert entry["path"] in result.out
        assert entry["path"] in (out / "report.html").read_text()
    assert {path: _sha256(path) for path in recordings.rglob("*") if path.is_file()} == before
    assert "&lt;b&gt;" in (out / "report.html").read_text()
    assert _manifest(out)["phrase"] == PHRASE
    images = {path.name for path in (out / "image").glob("*.uf2")}
    assert images == {"offne_s_n_home_b_red.uf2", "offne_s_n_home_b_red.ram.uf2"}
    again = run_apart(*_build(config, out, "--phrase", PHRASE, "--data", recordings / "index.csv", "--no-synth"))
    assert again.code == 0
    assert not any(_stages(again.out).values())
    assert all(entry["path"] in again.out for entry in skipped)
    with pico.start(out) as emulator:
        checked = run_apart("hil", "--port", emulator.url, "--build", out, "--suite", "memory")
        assert (checked.code, checked.err) == (0, "")


def test_too_few_recordings(config: Path, recordings: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    for number, path in enumerate(sorted((recordings / "positive").rglob("*.flac"))[:12]):
        target = few / "positive" / f"speaker{number}" / path.name
        target.parent.mkdir(parents=True)
        content = path.read_bytes()
        target.write_bytes(content if number < 4 else content[: len(content) // 2])
    result = run_apart(*_build(config, tmp_path / "out", "--data", few))
    result.refused(4, "few", "4 usable", "add")
    assert len(list(few.rglob("*.flac"))) == 12


def test_a_full_disk_in_the_middle(config: Path, built: Path, tmp_path: Path) -> None:
    """Files may not grow beyond 2 MB, as on a full disk; with space again, the build goes on."""
    out = tmp_path / "out"
    result = run_apart(*_build(config, out), file_limit=2_000_000)
    result.refused(4, str(out), "free space")
    assert not _leftovers(out)
    assert not (out / "manifest.json").exists()
    assert run_apart(*_build(config, out)).code == 0
    assert _sha256(out / "model.tflite") == _sha256(built / "model.tflite")
