"""Projects for frameworks: each is built with all warnings against stand-ins of its SDK, and hears its wake word."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from ai_edge_litert import schema_py_generated as schema
from framework_projects import NOISE, STAND_INS, arduino, cmake, content_of, model_file, need, render, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wwtool import packages
from wwtool.errors import InputError, ToolError, UsageError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.packages.framework import Framework
from wwtool.packages.library import write_library
from wwtool.packages.rendering import Outside, environment
from wwtool.packages.tflm import resolver_methods
from wwtool.platforms.load import load_platform, load_platforms
from wwtool.tflite.reader import parse_model

PHRASES = ("hey computer", "schöne Grüße 🎤", "\"it's\": {#%[*/ $(x) ${y}\\ , & - 'a' ;")
FRAMEWORKS = [name for name, package in packages.FORMATS.items() if isinstance(package, Framework)]


def slow(*values: object) -> Any:
    """A case that `make test` leaves out, as others like it are in."""
    return pytest.param(*values, marks=pytest.mark.slow)


def boards(framework: str) -> list[tuple[str, str | None]]:
    """Every platform and preset that a framework's project can be made for."""
    found: list[tuple[str, str | None]] = []
    for platform in load_platforms():
        for preset in platform.presets or (None,):
            try:
                packages.look_up(framework).require_platform(content_of(platform.name, "x", preset=preset).platform)
            except UsageError:
                continue
            found.append((platform.name, preset))
    return found


def heard(text: str, phrase: str = "hey computer") -> int:
    return len(re.findall(rf'heard "?{re.escape(phrase)}"?', text))


@pytest.mark.parametrize("framework", ["cmake", "makefile"])
def test_a_program_for_this_machine_hears_what_wwtool_hears(framework: str, tmp_path: Path) -> None:
    need("cmake", "ninja", "make", "cc")
    noise = np.random.default_rng(3).integers(-8000, 8000, 16000 * 4).astype("<i2")
    model = StreamingModel(model_file())
    low, high = np.percentile(model.probabilities(model.front_end.quantized([noise])), [30, 90])
    detector = DetectorConfig(average_window=1, on_threshold=int(high), off_threshold=int(low), lockout=2, warmup=5)
    wanted = [(d.frame + 1) * 0.01 for d in model.listen([noise], detector)[0]]
    model.close()
    assert len(wanted) > 1, "the model detects several times in noise"
    project = render(framework, content_of("host", "hey computer", detector=detector), tmp_path / "project")
    if framework == "cmake":
        cmake(project)
        program = project / "build" / "listen"
    else:
        run("make", "CFLAGS=-O1 -Wall -Wextra -Wconversion -Werror", folder=project)
        program = project / "listen"
        assert "up to date" in run("make", "CFLAGS=-O1 -Wall -Wextra -Wconversion -Werror", folder=project)
    lines = run(program, folder=project, stdin=noise.tobytes()).splitlines()
    times = [float(line.split(" s: ")[0]) for line in lines]
    assert all(line.endswith("hey computer") for line in lines)
    # A window of 30 ms is complete 20 ms after the step of its frame.
    assert times == pytest.approx([t + 0.02 for t in wanted], abs=0.011)


def idf_cmake(project: Path, version: str, code: int = 0) -> str:
    """Builds a project with ESP-IDF's stand-in as it is in one version."""
    major, minor = version.split(".")
    return cmake(
        project, code=code, IDF_PATH=STAND_INS / "esp_idf", STAND_IN_IDF_MAJOR=major, STAND_IN_IDF_MINOR=minor
    )  # fmt: skip


@pytest.mark.parametrize(
    ("preset", "version"),
    [
        ("devkitc", "6.0"),
        *(slow(*row) for row in [("devkitc", "5.1"), ("xiao-sense", "5.3"), ("box-3", "5.2"), ("atoms3-echo", "6.0")]),
    ],
)
def test_the_esp_idf_project(preset: str, version: str, tmp_path: Path) -> None:
    need("cmake", "ninja", "cc")
    project = render("esp-idf", content_of("esp32s3", "hey computer", preset=preset), tmp_path / "project")
    idf_cmake(project, version)
    assert heard(run("build/hey_computer.elf", folder=project, stdin=NOISE)) == 1


def test_the_tflm_project_registers_exactly_the_operators_of_the_model(tmp_path: Path) -> None:
    need("cmake", "ninja", "cc", "c++")
    project = render("tflm", content_of("esp32s3", "hey computer", "vad"), tmp_path / "project")
    cmake(project, IDF_PATH=STAND_INS / "esp_idf")
    assert heard(run("build/hey_computer.elf", folder=project, stdin=NOISE)) == 1
    text = (project / "components" / "wakeword" / "src" / "ww_config.cc").read_text()
    codes = schema.Model.GetRootAs(model_file())
    used = {codes.OperatorCodes(n).BuiltinCode() for n in range(codes.OperatorCodesLength())}
    assert len(set(re.findall(r"operators\.Add(\w+)\(\)", text))) == len(used)
    array = (project / "components" / "wakeword" / "src" / "tflite_hey_computer.cc").read_text()
    numbers = re.findall(r"(\d+),", array.split("{")[1])
    assert bytes(map(int, numbers)) == model_file()


def test_an_operator_that_tflm_does_not_have_is_refused() -> None:
    content = content_of("esp32s3", "hey computer")
    graph = parse_model(content.tflite)
    strange = dataclasses.replace(graph.operators[0], kind="TILE")
    graph = dataclasses.replace(graph, operators=(strange, *graph.operators[1:]))
    with pytest.raises(InputError, match="TFLM has no TILE"):
        resolver_methods(graph, content.phrase)


@pytest.mark.parametrize(("preset", "old", "needed"), [("devkitc", "4.4", "5.1"), ("box-3", "5.1", "5.2")])
def test_the_esp_idf_project_refuses_an_old_sdk(preset: str, old: str, needed: str, tmp_path: Path) -> None:
    """The codec of a box-3 needs a younger driver."""
    need("cmake", "ninja", "cc")
    project = render("esp-idf", content_of("esp32s3", "hey computer", preset=preset), tmp_path / "project")
    assert f"needs ESP-IDF {needed}" in idf_cmake(project, old, code=1)


@pytest.mark.parametrize("microphone", ["adc", slow("i2s")])
def test_the_pico_sdk_project(microphone: str, tmp_path: Path) -> None:
    need("cmake", "ninja", "cc")
    project = render("pico-sdk", content_of("pico", "hey computer"), tmp_path / "project")
    options = [f"-DMICROPHONE={microphone}", f"-DPICO_BOARD={'pico' if microphone == 'adc' else 'pico2'}"]
    cmake(project, *options, PICO_SDK_PATH=STAND_INS / "pico_sdk")
    assert heard(run("build/hey_computer.elf", folder=project, stdin=NOISE)) == 1


@pytest.mark.parametrize(
    ("board", "platform", "kernels"), [("pico", "", "lanes"), ("pico2", "", "dsp"), ("pico2", "rp2350-riscv", "lanes")]
)
def test_the_pico_sdk_project_takes_the_kernels_of_the_core(
    board: str, platform: str, kernels: str, tmp_path: Path
) -> None:
    """Those of the DSP extension for the RP2350's Cortex-M33 alone: its RISC-V cores have none."""
    need("cmake", "ninja", "cc")
    project = render("pico-sdk", content_of("pico", "hey computer"), tmp_path / "project")
    options = ["-G", "Ninja", f"-DPICO_BOARD={board}", *([f"-DPICO_PLATFORM={platform}"] if platform else [])]
    run("cmake", "-B", "build", *options, folder=project, environment={"PICO_SDK_PATH": STAND_INS / "pico_sdk"})
    sources = set(re.findall(r"/wakeword/(\S+)\.c\b", (project / "build" / "build.ninja").read_text()))
    assert {Path(source).parent.name for source in sources} == {"dsp" if kernels == "dsp" else "src"}
    assert {name.rpartition("_")[2] for name in sources if name.endswith(("_dsp", "_lanes"))} == {kernels}
    assert {"model", f"ww_frame_{kernels}"} <= {Path(source).name for source in sources}


def test_the_pico_sdk_project_gives_the_same_bytes_on_every_core(tmp_path: Path) -> None:
    need("gcc")
    project = render("pico-sdk", content_of("pico", "hey computer", "int"), tmp_path / "project")
    outputs: list[list[int]] = []
    for core in ("src", "dsp"):
        folder = project / "wakeword" / core
        library = tmp_path / f"{core}.so"
        run("gcc", "-O1", "-shared", "-fPIC", "-o", library, *sorted(folder.glob("*.c")), folder=folder)
        wakeword = ctypes.CDLL(str(library))
        assert wakeword.wakeword_begin()
        outputs.append([])
        for start in range(0, len(NOISE), 640):
            wakeword.wakeword_hear(NOISE[start : start + 640], ctypes.c_size_t(len(NOISE[start : start + 640]) // 2))
            outputs[-1] += [wakeword.wakeword_probability(word) for word in (0, 1)]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0])) > 10, "the model's output varies"


def test_the_pico_sdk_project_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    need("cmake", "ninja", "cc")
    project = render("pico-sdk", content_of("pico", "hey computer"), tmp_path / "project")
    sdk = STAND_INS / "pico_sdk"
    assert "MICROPHONE is adc or i2s" in cmake(project, "-DMICROPHONE=pdm", code=1, PICO_SDK_PATH=sdk)
    assert "set PICO_SDK_PATH" in cmake(project, "-DMICROPHONE=adc", code=1)
    text = cmake(project, "-DMICROPHONE=adc", code=1, PICO_SDK_PATH=sdk, STAND_IN_PICO_VERSION="1.3.0")
    assert "needs the Pico SDK 1.5.0" in text


def test_the_zephyr_application(tmp_path: Path) -> None:
    need("cmake", "ninja", "cc")
    project = render("zephyr", content_of("nano33ble", "hey computer"), tmp_path / "project")
    cmake(project / "listen", ZEPHYR_BASE=STAND_INS / "zephyr")
    assert heard(run("listen/build/zephyr/zephyr.elf", folder=project, stdin=NOISE)) == 1
    base = STAND_INS / "zephyr"
    assert "4.1" in cmake(project / "listen", "--fresh", code=1, ZEPHYR_BASE=base, STAND_IN_ZEPHYR_VERSION="3.5.0")


@pytest.mark.parametrize(
    ("framework", "platform", "preset"),
    [
        ("arduino", "nano33ble", None),
        slow("arduino", "pico", None),
        slow("arduino", "esp32s3", "devkitc"),
        slow("arduino", "esp32s3", "xiao-sense"),
        ("platformio", "esp32s3", "devkitc"),
        slow("platformio", "nano33ble", None),
        slow("platformio", "pico", None),
    ],
)
def test_the_sketch(framework: str, platform: str, preset: str | None, tmp_path: Path) -> None:
    need("gcc", "g++")
    project = render(framework, content_of(platform, "hey computer", preset=preset), tmp_path / "project")
    places = {"arduino": ("src", "examples/Listen"), "platformio": ("lib/wakeword/src", "src")}
    library, sketch = (project / place for place in places[framework])
    program = arduino(project, library, sketch, tmp_path / "out")
    assert heard(run(program, folder=project, stdin=NOISE)) == 1


def test_two_words_and_voice_activity_in_one_program(tmp_path: Path) -> None:
    """They share front end and kernels; voice activity is never heard itself."""
    need("cmake", "ninja", "cc")
    content = content_of("host", "hey computer", "int", "vad")
    project = render("cmake", content, tmp_path / "project")
    sources = {path.name for path in (project / "src").glob("*.c")}
    assert {"word_hey_computer.c", "word_int.c", "word_vad.c"} <= sources
    alone = render("cmake", content_of("host", "hey computer"), tmp_path / "alone")
    shared = {path.name for path in (alone / "src").glob("ww_*.c")}
    assert {name for name in sources if name.startswith("ww_")} == shared
    cmake(project)
    lines = run("build/listen", folder=project, stdin=NOISE).splitlines()
    assert sorted(line.split(" s: ")[1] for line in lines) == ["hey computer", "int"]


def test_what_a_program_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match="name a wake word before it"):
        packages.look_up("cmake").check(content_of("host", "vad", "hey computer"))
    with pytest.raises(InputError, match="at most 8 models, not 9"):
        packages.look_up("cmake").check(content_of("host", *(f"word {n}" for n in range(9))))


def test_a_platform_without_a_board_of_the_framework_is_refused() -> None:
    with pytest.raises(UsageError, match="does not list zephyr under frameworks"):
        packages.look_up("zephyr").require_platform(load_platform("pico"))
    bare = load_platform("pico").model_copy(update={"sdk_boards": {}})
    with pytest.raises(UsageError, match="does not say how pico-sdk names the board"):
        packages.look_up("pico-sdk").require_platform(bare)
    with pytest.raises(UsageError, match="behind an ES7210"):
        packages.look_up("arduino").require_platform(content_of("esp32s3", "x", preset="box-3").platform)


class Loader(yaml.SafeLoader):
    """YAML with the tags of ESPHome, which are no text of its own."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def properties_of(text: str) -> dict[str, str]:
    lines = text.splitlines()
    assert all("=" in line for line in lines), text
    return dict(line.split("=", 1) for line in lines)


def check_texts(project: Path) -> None:
    """Every data file of a project parses, and nothing of a template is left."""
    for path in sorted(p for p in project.rglob("*") if p.is_file()):
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".yml", ".yaml"):
            assert isinstance(yaml.load(text, Loader), dict), path
        elif path.suffix == ".json":
            assert isinstance(json.loads(text), dict), path
        elif path.name == "library.properties":
            check_properties(properties_of(text), project)
        elif path.suffix == ".csv":
            assert {line.count(",") for line in text.splitlines()[1:]} == {4}, path
        if not path.name.endswith(".c"):
            assert "{{" not in text.replace("it's\": {#%", ""), path


def check_properties(found: dict[str, str], library: Path) -> None:
    """The rules of arduino-lint for the manager's index (https://arduino.github.io/arduino-lint/latest/rules/library/)."""
    for key in ("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"):
        assert found[key].strip() == found[key] != "", key
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", found["name"])
    assert not found["name"].lower().startswith("arduino")
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert not found["paragraph"].startswith(found["sentence"])
    assert (library / "src" / found["includes"]).is_file()
    assert (library / "examples" / "Listen" / "Listen.ino").is_file()
    assert not {path.name for path in library.iterdir()} & {"example", "source", "Src", "extra"}


def check_config(folder: Path) -> None:
    """ww_config.c and wakeword.h are C whatever the phrase is, and so is the header in C++."""
    strict = ["-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Werror", f"-I{folder}"]
    sources = [path for path in (folder / "ww_config.c", folder / "wakeword.c") if path.is_file()]
    subprocess.run(["cc", "-std=c99", *strict, *sources], check=True)
    subprocess.run(["c++", *strict, "-x", "c++", folder / "wakeword.h"], check=True)


@pytest.mark.parametrize("wide", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_board_and_phrase_renders_what_parses(framework: str, wide: bool, tmp_path: Path) -> None:
    places = boards(framework)
    assert places
    package = packages.look_up(framework)
    assert isinstance(package, Framework)
    for number, phrase in enumerate(PHRASES):
        for platform, preset in places if number == 0 or wide else places[:1]:
            project = tmp_path / f"{number}-{platform}-{preset}"
            check_texts(render(framework, content_of(platform, phrase, preset=preset), project))
        check_config(next((project / package.library).rglob("wakeword.h")).parent)


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_configures(phrase: str, tmp_path: Path) -> None:
    need("cmake", "cc")
    project = render("cmake", content_of("host", phrase), tmp_path / "cmake")
    run("cmake", "-B", "build", folder=project)
    make = render("makefile", content_of("host", phrase), tmp_path / "make")
    assert "wakeword.c" in run("make", "-n", folder=make)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(phrase=texts)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_quoted_for_every_language(phrase: str) -> None:
    values = {"phrase": Outside(phrase), "version": "1"}
    made = {name: environment().from_string("{{ phrase | " + name + " }}").render(values) for name in
            ("comment", "c_string", "json", "value", "markdown")}  # fmt: skip
    assert all("\n" not in text and "\r" not in text for text in made.values())
    assert json.loads(made["json"]) == phrase
    assert "*/" not in made["comment"]
    assert not made["comment"].endswith("\\")
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', made["c_string"])
    assert not re.search(r"[`<>\[\]*_|\\]", made["markdown"])
    assert ";" not in made["value"]


def test_unquoted_text_is_an_error() -> None:
    with pytest.raises(TypeError, match="give it a filter"):
        environment().from_string("name: {{ phrase }}").render({"phrase": Outside("x")})


SDKS = {
    "pico-sdk": ("pico", "PICO_SDK_PATH", "pico_sdk"),
    "zephyr": ("nano33ble", "ZEPHYR_BASE", "zephyr"),
    "esp-idf": ("esp32s3", "IDF_PATH", "esp_idf"),
}


@pytest.mark.parametrize("framework", SDKS)
def test_an_sdk_that_is_there_builds_and_measures(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("cmake", "cc", "size")
    platform, variable, folder = SDKS[framework]
    package, content = packages.look_up(framework), content_of(platform, "hey computer")
    project = render(framework, content, tmp_path / "project")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    for name in ("objects", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.delenv(variable, raising=False)
    assert package.require_tools(content.platform) == ""
    assert package.build(project, content, tmp_path / "objects", tmp_path / "out") is None
    monkeypatch.setenv(variable, str(STAND_INS / folder))
    monkeypatch.setenv("PATH", str(STAND_INS / "bin"), prepend=os.pathsep)
    assert re.fullmatch(r".* \d\.\d", package.require_tools(content.platform))
    image = package.build(project, content, tmp_path / "objects", tmp_path / "out")
    assert image is not None
    assert image.whole
    shown = run("size", image.files["elf"], folder=tmp_path).splitlines()[1].split()
    assert image.sizes.flash == pytest.approx(int(shown[0]) + int(shown[1]), abs=64)
    assert image.sizes.model_ram < image.sizes.ram
    assert sum(part.flash for part in image.sizes.parts) == image.sizes.flash
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("framework", SDKS)
def test_an_sdk_that_is_old_or_none_is_refused(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, variable, _ = SDKS[framework]
    package = packages.look_up(framework)
    assert isinstance(package, Framework)
    assert package.sdk is not None
    monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(ToolError, match=f"which is no {package.sdk.title}; set it right"):
        package.require_tools(load_platform(platform))
    file = tmp_path / package.sdk.version_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("VERSION_MAJOR = 1\nVERSION_MINOR = 2\n")
    with pytest.raises(ToolError, match=r"1\.2 in .* is too old for the project, which needs \d"):
        package.require_tools(load_platform(platform))


def test_the_library_is_the_same_whatever_the_framework(tmp_path: Path) -> None:
    content = content_of("esp32s3", "hey computer")
    (tmp_path / "library").mkdir()
    write_library(tmp_path / "library", content)
    wanted = {path.name: path.read_bytes() for path in (tmp_path / "library").iterdir()}
    for framework in ("esp-idf", "esphome-component", "arduino", "platformio", "cmake", "makefile"):
        package = packages.look_up(framework)
        assert isinstance(package, Framework)
        folder = render(framework, content, tmp_path / framework) / package.library
        assert {name: (folder / name).read_bytes() for name in wanted} == wanted, framework
