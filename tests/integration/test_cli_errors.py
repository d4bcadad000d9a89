"""Bad input at the command line: one sentence, the contract's exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from cli import SMALL, Result, run_apart, run_here

from wwtool.base.files import working_folder
from wwtool.cli.main import _COMMANDS
from wwtool.export.tflite import to_tflite
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.training.qat import QatNet

Run = Callable[..., Result]
BUILD = ("build", "--platform", "pico", "--phrase", "hey computer")

needs_gcc = pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="arm-none-eabi-gcc is not installed")


@pytest.fixture
def wwtool(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return partial(run_here, capsys)


@pytest.fixture(scope="module")
def model() -> bytes:
    """A model of the zoo's smallest shape with the weights it is born with."""
    torch.manual_seed(0)
    architecture = ZOO["tcn32"]
    net = QatNet(Network(architecture).eval(), 0.0)
    net.calibrate(torch.rand((4, architecture.receptive_frames + 30, 40)) * 26.0)
    return to_tflite(net.quantized(), "test")[0]


@pytest.fixture
def models(model: bytes, tmp_path: Path) -> dict[str, Path]:
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    for code in tree.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.LOGISTIC:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.COS
    builder = flatbuffers.Builder(1024)
    builder.Finish(tree.Pack(builder), b"TFL3")
    contents = {
        "good": model,
        "cut": model[: len(model) // 3],
        "other": b"RIFF" * 40,
        "foreign": bytes(builder.Output()),
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.tflite").write_bytes(content)
    np.save(tmp_path / "in.npy", np.zeros((5, 3, 40), np.int8))
    return {name: tmp_path / f"{name}.tflite" for name in contents}


# The command line itself


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], ["no such command", "wwtool --help"]),
        (["build", "--phrase", "hey computer"], ["--platform", "wwtool build --help"]),
        (["build", "--platform", "pico"], ["--phrase"]),
        ([*BUILD, "--framework", "nonesuch"], ["nonesuch", "bare-metal"]),
        ([*BUILD, "--seed", "-1"], ["--seed"]),
        (["build", "--platform", "picco", "--phrase", "hey computer"], ["picco", "did you mean 'pico'"]),
        ([*BUILD, "--no-synth"], ["--no-synth", "--data"]),
        (["platforms", "nonesuch"], ["nonesuch", "pico"]),
        (["compile", "m.tflite", "-o", "out", "--target", "z80"], ["--target", "z80", "cortex-m4"]),
        (["compile", "m.tflite", "-o", "out", "--optimize", "beauty"], ["--optimize", "beauty", "size"]),
        (["compile", "m.tflite"], ["--out"]),
        (["doctor", "--platform", "picco"], ["picco", "did you mean 'pico'"]),
        (["compile", "m.tflite", "-o", ""], ["--out", "the path is empty"]),
        (["compile", "", "-o", "out"], ["the path is empty"]),
        ([*BUILD, "--out", ""], ["--out", "the path is empty"]),
        ([*BUILD, "--data", ""], ["--data", "the path is empty"]),
        ([*BUILD, "--config", ""], ["--config", "the path is empty"]),
        (["data", "scan", ""], ["the path is empty"]),
        (["emulate", ""], ["the path is empty"]),
        (["flash", ""], ["the path is empty"]),
        (["flash", "out", "--port", ""], ["--port", "is empty"]),
        (["hil", "--port", "", "--suite", "latency"], ["--port", "is empty"]),
        (["flash"], ["BUILD_DIR", "wwtool flash --help"]),
        (["flash", "out", "--tool", "hammer"], ["--tool", "hammer", "bossac"]),
        (["hil", "--port", "socket://127.0.0.1:1"], ["--build"]),
        (["hil", "--port", "socket://127.0.0.1:1", "--suite", "nonesuch"], ["nonesuch", "parity"]),
    ],
)
def test_wrong_usage(wwtool: Run, tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    wwtool(*arguments).refused(2, *words)
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback_wherever_it_stands(wwtool: Run) -> None:
    for arguments in (["--debug", "platforms", "nonesuch"], ["platforms", "nonesuch", "--debug"]):
        result = wwtool(*arguments)
        assert result.code == 2
        assert "Traceback" in result.err
        assert "UsageError" in result.err


def test_help_of_every_command(wwtool: Run) -> None:
    for name in _COMMANDS:
        result = wwtool(name, "--help")
        assert result.code == 0
        assert result.out.startswith(f"Usage: wwtool {name}")
        assert result.err == ""
        assert max(map(len, result.out.splitlines())) <= 110


@pytest.mark.parametrize("arguments", [["platforms"], ["platforms", "pico"], ["doctor"]])
def test_json_is_all_there_is_on_stdout(wwtool: Run, arguments: list[str]) -> None:
    result = wwtool(*arguments, "--json")
    value = json.loads(result.out)
    assert value["schema"].startswith("wwtool.")
    assert value["version"] == {"doctor": 2}.get(arguments[0], 1)


# Phrase, config, data


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("", ["empty"]),
        (" .. ", ["empty"]),
        ("hey 🎉", ["🎉", "not spoken"]),
        ("привет", ["en-us voice cannot say"]),
        ("x" * 61, ["61 characters", "at most 60"]),
        ("a", ["too short"]),
        ('say "hi"', ["not spoken"]),
    ],
)
def test_phrases_that_cannot_be_spoken(wwtool: Run, tmp_path: Path, phrase: str, words: list[str]) -> None:
    wwtool("build", "--platform", "pico", "--phrase", phrase).refused(4, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("synth: {positives: 1}", ["synth.positives", "greater than or equal to 50", "it is 1"]),
        ("synth: {positivs: 100}", ["synth.positivs", "not a known key"]),
        ("model: resnet", ["model", "tcn64"]),
        ("train: {steps: many}", ["train.steps", "many"]),
        ("train: {learning_rate: .nan}", ["train.learning_rate"]),
        ("detector: {votes_needed: 3, votes_window: 2}", ["detector", "votes_needed"]),
        ("synth: 3", ["synth", "must hold keys and values"]),
        ("a: [b", ["not valid YAML"]),
        ("- a\n- b", ["must hold keys and values"]),
        ("\x00\x01", ["not valid YAML"]),
    ],
)
def test_configs_that_are_wrong(wwtool: Run, tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "my.yaml").write_text(content)
    wwtool(*BUILD, "--config", "my.yaml").refused(4, "my.yaml", *words)
    assert [p.name for p in tmp_path.iterdir()] == ["my.yaml"]


def test_a_config_that_is_not_there(wwtool: Run) -> None:
    wwtool(*BUILD, "--config", "my.yaml").refused(4, "my.yaml", "no such file")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nonesuch", ["does not exist"]), ("bare", ["holds no recordings", "positive"]), ("text", ["neither a folder"])],
)
def test_data_that_is_not_there(wwtool: Run, tmp_path: Path, name: str, words: list[str]) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "text").write_text("hello")
    wwtool(*BUILD, "--data", name, "--out", "out").refused(4, name, *words)
    assert not (tmp_path / "out").exists()


# Models


@pytest.mark.parametrize(
    "command",
    ["compile {} -o out", "run {} in.npy -o out", "diff {}", "evaluate {} --data ."],
)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut", ["cut.tflite", "export the model again"]),
        ("other", ["other.tflite", "not a .tflite file"]),
        ("foreign", ["COS", "not supported", "CONV_2D"]),
        ("nonesuch", ["nonesuch.tflite"]),
    ],
)
def test_models_that_cannot_be_used(
    wwtool: Run, models: dict[str, Path], command: str, name: str, words: list[str], tmp_path: Path
) -> None:
    wwtool(*(word.format(tmp_path / f"{name}.tflite") for word in command.split())).refused(4, *words)
    assert not (tmp_path / "out").exists()


def test_inputs_of_another_shape(wwtool: Run, models: dict[str, Path], tmp_path: Path) -> None:
    np.save("wide.npy", np.zeros((5, 3, 41), np.int8))
    Path("text.npy").write_text("hello")
    for name in ("wide", "text", "nonesuch"):
        wwtool("run", models["good"], f"{name}.npy", "-o", "out.npy").refused(4, f"{name}.npy")
        wwtool("diff", models["good"], "--input", f"{name}.npy").refused(4, f"{name}.npy")
    assert not (tmp_path / "out.npy").exists()


def test_compile_leaves_strange_folders_alone(wwtool: Run, models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "diary.txt").write_text("dear diary")
    wwtool("compile", models["good"], "-o", "home").refused(4, "home", "choose")
    assert (tmp_path / "home" / "diary.txt").read_text() == "dear diary"
    assert wwtool("compile", models["good"], "-o", "out").code == 0
    assert wwtool("compile", models["good"], "-o", "out").code == 0  # its own, it may replace


def test_compile_writes_the_sources_the_package_and_the_report(
    wwtool: Run, models: dict[str, Path], tmp_path: Path
) -> None:
    result = wwtool("compile", models["good"], "--target", "cortex-m4", "--no-measure", "-o", "out")
    assert result.code == 0
    assert "CONV_2D" in result.out
    assert "lower bound" in result.out
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    package = {"CMakeLists.txt", "library.properties", "zephyr/module.yml", "main.c"}
    model = {"model.h", "model.c", "model_weights.h", "model_weights.c"}
    assert {name for name in names if not name.startswith("ww_")} == package | model | {"report.html", "memory.svg"}
    value = json.loads(wwtool("compile", models["good"], "-o", "out", "--json").out)
    assert (value["schema"], value["version"], value["optimize"]) == ("wwtool.compile", 1, "speed")
    assert value["macs"] == sum(layer["macs"] for layer in value["layers"])
    assert value["instructions"] is None


def test_compile_that_cannot_measure_leaves_nothing(
    wwtool: Run, models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wwtool("compile", models["good"], "-o", "out", "--measure").refused(2, "host", "--target")
    monkeypatch.setenv("PATH", str(tmp_path))
    wwtool("compile", models["good"], "-o", "out", "--target", "cortex-m4", "--measure").refused(
        5, "arm-none-eabi-gcc", "install"
    )
    assert not (tmp_path / "out").exists()
    assert wwtool("compile", models["good"], "-o", "out", "--target", "cortex-m4").code == 0


def test_compile_names_the_operator_it_cannot_compile(wwtool: Run, models: dict[str, Path], tmp_path: Path) -> None:
    wwtool("compile", models["foreign"], "-o", "out").refused(4, "operator ", "the supported operators are", "CONV_2D")
    assert not (tmp_path / "out").exists()


@needs_gcc
def test_build_leaves_strange_folders_alone(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "mine.c").write_text("int mine;")
    wwtool(*BUILD, "--out", ".").refused(4, "firmware", "--out")
    assert [p.name for p in tmp_path.rglob("*")] == ["firmware", "mine.c"]


@needs_gcc
def test_one_build_a_folder(wwtool: Run, tmp_path: Path) -> None:
    with working_folder(tmp_path / "out"):
        wwtool(*BUILD, "--out", "out").refused(4, "another wwtool works in out")
    assert not (tmp_path / "out").exists()


# Tools


def test_no_cross_compiler(wwtool: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    wwtool(*BUILD, "--out", "out").refused(5, "arm-none-eabi-gcc", "apt-get install")
    assert not (tmp_path / "out").exists()


@needs_gcc
def test_no_host_compiler(
    wwtool: Run, models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for tool in ("gcc", "objcopy", "size"):
        (tmp_path / "bin" / f"arm-none-eabi-{tool}").symlink_to(str(shutil.which(f"arm-none-eabi-{tool}")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CC", raising=False)
    # Found before the training that would be in vain.
    wwtool(*BUILD, "--out", "out").refused(5, "no C compiler", "install")
    wwtool("run", models["good"], "in.npy", "-o", "out.npy").refused(5, "no C compiler", "install")
    wwtool("diff", models["good"]).refused(5, "no C compiler", "install")
    assert not (tmp_path / "out").exists()


def test_no_emulator(wwtool: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.bin").write_bytes(bytes(512))
    wwtool("emulate", "x.bin").refused(4, "x.bin is not an image of a board that wwtool emulates")
    (tmp_path / "x.bin").write_bytes(bytes(260) + (0x10000100).to_bytes(4, "little") + bytes(248))  # a Pico's vectors
    monkeypatch.setenv("WWTOOL_RP2040JS", str(tmp_path))
    if shutil.which("node"):
        wwtool("emulate", "x.bin").refused(5, "rp2040js")
    monkeypatch.setenv("PATH", "")
    wwtool("emulate", "x.bin").refused(5, "Node.js", "apt-get install")


def test_builds_that_are_none(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    wwtool("emulate", "bare").refused(4, "bare", "wwtool build")
    wwtool("evaluate", "bare", "--data", "bare").refused(4, "bare", "model.tflite")
    wwtool("export", "bare").refused(4, "bare", "wwtool train")
    wwtool("hil", "--port", "socket://127.0.0.1:1", "--build", "bare").refused(4, "bare", "wwtool build")


# Ports


@contextmanager
def _board(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that answers on a TCP port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    while not over.wait(0.01):
                        talk(connection)
                except OSError:
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("url", ["/dev/ttyNOPE", "socket://127.0.0.1:1", "nonesuch://x"])
def test_ports_that_do_not_open(wwtool: Run, url: str) -> None:
    result = wwtool("hil", "--port", url, "--suite", "memory")
    result.refused(6, url, "check")
    assert "Errno" not in result.err


def test_a_silent_port(wwtool: Run) -> None:
    with _board(lambda _connection: None) as url:
        wwtool("hil", "--port", url, "--suite", "memory", "--json", "report.json").refused(6, url)
    assert not Path("report.json").exists()


def test_a_port_that_speaks_garbage(wwtool: Run) -> None:
    noise = np.random.default_rng(0).bytes(400)
    with _board(lambda connection: connection.sendall(noise)) as url:
        wwtool("hil", "--port", url, "--suite", "memory").refused(6, url)


# The disk


def test_a_full_disk(models: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "out.npy"
    target.write_bytes(b"before")
    before = sorted(tmp_path.iterdir())
    command: list[str | Path] = ["run", models["good"], tmp_path / "in.npy", "-o", target, "--engine", "torch"]
    run_apart(*command, file_limit=16).refused(4, "out.npy", "free space")
    assert sorted(tmp_path.iterdir()) == before
    assert target.read_bytes() == b"before"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(wwtool: Run, models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    wwtool("run", models["good"], "in.npy", "-o", "locked/out.npy").refused(4, "locked")
    wwtool("compile", models["good"], "-o", "locked/out").refused(4, "locked")


def test_output_below_a_file(wwtool: Run, models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    wwtool("run", models["good"], "in.npy", "-o", "file/out.npy").refused(4, "file/out.npy")
    wwtool("compile", models["good"], "-o", "file/out").refused(4, "file/out")
    if shutil.which("arm-none-eabi-gcc"):
        wwtool(*BUILD, "--out", "file/out").refused(4, "file/out")


def test_a_board_where_there_is_only_one(wwtool: Run) -> None:
    wwtool(*BUILD, "--board", "nope").refused(2, "pico", "leave --board out")


def test_training_refuses_pins_that_contradict_each_other(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "pins.yaml").write_text("phrase: hello\nboard: {microphone: {interface: i2s, bclk: 1, ws: 1, sd: 3}}\n")
    wwtool("train", "pins.yaml", "--platform", "esp32s3", "--out", "run").refused(4, "GPIO1 is already")
    assert not (tmp_path / "run").exists()


def test_a_manifest_whose_images_are_no_table(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"profile": {"emulator": "host"}, "image": 3}')
    wwtool("emulate", ".").refused(4, "manifest.json is no manifest of this version")


# What is shown


def test_brackets_are_no_markup(wwtool: Run, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "[red]").mkdir()
    wwtool(*BUILD, "--data", "[red]").refused(4, "[red]")


def test_colour_only_where_it_is_wanted(wwtool: Run) -> None:
    assert not re.search(r"\x1b", wwtool("platforms").out)
    assert not re.search(r"\x1b", wwtool("doctor").out)
