"""examples/: what can be built here is built and run; for the other frameworks, stand-ins check how they are called.

The stand-ins follow the documentation of idf_component_register, zephyr_library_* and Arduino's library
specification; they do not replace a build with the real thing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from cli import run_here

from wwtool.engines.native import NativeEngine
from wwtool.export.tflite import to_tflite
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.training.qat import QatNet

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TOOLCHAIN = Path(__file__).resolve().parents[2] / "cmake" / "arm-cortex-m4.cmake"
CORTEX_M4 = "-O2 -mcpu=cortex-m4 -mthumb"
STRICT = "-Wall -Wextra -Wconversion -Werror"


def need(*tools: str) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


def run(*command: str | Path, folder: Path, stdin: bytes = b"", **environment: str | Path) -> str:
    result = subprocess.run(
        list(map(str, command)), cwd=folder, input=stdin, capture_output=True, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **{k: str(v) for k, v in environment.items()}},
    )  # fmt: skip
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    return result.stdout.decode()


@pytest.fixture(scope="module")
def content() -> bytes:
    """A small streaming model with the weights it is born with."""
    torch.manual_seed(0)
    architecture = ZOO["tcn32"]
    net = QatNet(Network(architecture).eval(), 0.0)
    net.calibrate(torch.rand((4, architecture.receptive_frames + 30, 40)) * 26.0)
    return to_tflite(net.quantized(), "test")[0]


@pytest.fixture
def example(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Path:
    """A copy of the example that the test's marker names, with the compiled model where its README puts it."""
    name, model, target = request.param
    shutil.copytree(EXAMPLES / name, tmp_path / "example", ignore=shutil.ignore_patterns("model", "build"))
    (tmp_path / "model.tflite").write_bytes(content)
    folder = tmp_path / "example" / model
    result = run_here(capsys, "compile", tmp_path / "model.tflite", "--target", target, "--no-measure", "-o", folder)
    assert result.code == 0, result.err
    return tmp_path / "example"


using = partial(pytest.mark.parametrize, "example", indirect=True)


@using([("makefile", "model", "host")])
def test_the_makefile_program_runs_rows_as_wwtool_does(example: Path, content: bytes) -> None:
    need("make", "cc")
    rows = np.random.default_rng(0).integers(-128, 128, (9, 3, 40), np.int8)
    run("make", f"CFLAGS=-O2 {STRICT}", folder=example)
    printed = run("./inference", folder=example, stdin=rows.tobytes()).split()
    with NativeEngine(content) as engine:
        wanted = engine.run(rows).astype(np.float64).ravel()
    assert np.allclose([float(p) for p in printed], wanted / 256)
    assert "up to date" in run("make", folder=example)


@using([("makefile", "model", "cortex-m4"), ("makefile", "model", "host")])
def test_the_makefile_program_for_a_microcontroller(example: Path) -> None:
    need("make", "arm-none-eabi-gcc")
    run("make", "CC=arm-none-eabi-gcc", f"CFLAGS={CORTEX_M4} {STRICT}", "LDFLAGS=--specs=nosys.specs", folder=example)
    assert b"ELF" in (example / "inference").read_bytes()[:4]


@using([("cmake", "model", "host")])
@pytest.mark.parametrize("kind", ["", "Debug", "MinSizeRel"])
def test_the_cmake_program(example: Path, kind: str) -> None:
    need("cmake", "c++")
    run("cmake", "-B", "build", f"-DCMAKE_BUILD_TYPE={kind}", f"-DCMAKE_CXX_FLAGS={STRICT}", folder=example)
    run("cmake", "--build", "build", folder=example)
    lines = run("build/inference", folder=example).splitlines()
    assert len(lines) == 5
    assert all(re.fullmatch(r"\d: first output \d+ of silence, \d+ of something else", line) for line in lines)


@using([("cmake", "model", "cortex-m4")])
@pytest.mark.parametrize("kind", ["Debug", "Release"])
def test_the_cmake_library_for_a_microcontroller(example: Path, kind: str) -> None:
    need("cmake", "arm-none-eabi-gcc")
    run("cmake", "-S", "model", "-B", "build", f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}", f"-DCMAKE_BUILD_TYPE={kind}",
        f"-DCMAKE_C_FLAGS={STRICT}", folder=example)  # fmt: skip
    run("cmake", "--build", "build", "--target", "ww_model", folder=example)
    assert (example / "build" / "libww_model.a").is_file()


# ESP-IDF: components of this project, and main, which every project has.
IDF = """
set(ESP_PLATFORM 1)
set_property(GLOBAL PROPERTY standin_components "")
function(idf_component_register)
    cmake_parse_arguments(arg "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SRCS)
        message(FATAL_ERROR "idf_component_register: ${ARGN}")
    endif()
    get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    message(STATUS "component ${name}: ${arg_SRCS} in ${arg_INCLUDE_DIRS}")
    add_library(__idf_${name} STATIC ${arg_SRCS})
    target_include_directories(__idf_${name} PUBLIC ${arg_INCLUDE_DIRS})
    foreach(other ${arg_REQUIRES} ${arg_PRIV_REQUIRES})
        target_link_libraries(__idf_${name} PUBLIC __idf_${other})
    endforeach()
    set(COMPONENT_LIB __idf_${name} PARENT_SCOPE)
endfunction()
macro(project name)
    _project(${name} C)
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
    add_compile_options(-Os)
    add_subdirectory(components/model)
    add_subdirectory(main)
    file(WRITE ${CMAKE_BINARY_DIR}/start.c "void app_main(void); int main(void) { app_main(); return 0; }")
    add_executable(${name} ${CMAKE_BINARY_DIR}/start.c)
    target_link_libraries(${name} PRIVATE __idf_main)
endmacro()
"""


@using([("esp-idf", "components/model", "xtensa")])
def test_the_esp_idf_component(example: Path, tmp_path: Path) -> None:
    need("cmake", "cc")
    (tmp_path / "idf" / "tools" / "cmake").mkdir(parents=True)
    (tmp_path / "idf" / "tools" / "cmake" / "project.cmake").write_text(IDF)
    text = run("cmake", "-B", "build", folder=example, IDF_PATH=tmp_path / "idf")
    (component,) = re.findall(r"component model: (.*) in (.*)", text)
    assert set(component[0].split(";")) == {p.name for p in (example / "components/model").glob("*.c")} - {"main.c"}
    assert component[1] == "."
    run("cmake", "--build", "build", folder=example)
    assert "bytes of arena" in run("build/inference", folder=example)
    commands = (example / "build" / "compile_commands.json").read_text().splitlines()
    kernels = [line for line in commands if re.search(r'"command".* -c \S*components/model/', line)]
    assert kernels
    assert all(line.rindex("-O2") > line.rindex("-Os") for line in kernels)


@using([("zephyr", "model", "cortex-m4")])
@pytest.mark.parametrize("form", ["subdirectory", "module"])
def test_the_zephyr_library(example: Path, tmp_path: Path, form: str) -> None:
    need("cmake", "cc")
    base = shutil.copytree(Path(__file__).parents[1] / "stand_ins" / "zephyr", tmp_path / "zephyr-base")
    if form == "module":
        # What Zephyr does with a module: it adds the folder that the key build.cmake of module.yml names.
        module = (example / "model" / "zephyr" / "module.yml").read_text()
        assert re.search(r"^name: ww_model\nbuild:\n  cmake: \.$", module, re.MULTILINE)
        lists = (example / "CMakeLists.txt").read_text()
        (example / "CMakeLists.txt").write_text(lists.replace("add_subdirectory(model)", ""))
        with (base / "ZephyrConfig.cmake").open("a") as config:
            config.write("add_subdirectory(${CMAKE_SOURCE_DIR}/model)\n")
    text = run("cmake", "-B", "build", f"-DCMAKE_C_FLAGS={STRICT}", folder=example, ZEPHYR_BASE=base)
    (sources,) = re.findall(r"library ww_model: (.*)", text)
    assert set(sources.split(";")) == {path.name for path in (example / "model").glob("*.c")} - {"main.c"}
    run("cmake", "--build", "build", folder=example)
    assert run("build/zephyr/zephyr.elf", folder=example).count("cycles") == 5


ARDUINO_H = """
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
struct SerialPort {
    void begin(long) {}
    void print(int value) { printf("%d", value); }
    void print(unsigned long value) { printf("%lu", value); }
    void print(const char *text) { printf("%s", text); }
    void println(const char *text) { printf("%s\\n", text); }
};
extern SerialPort Serial;
inline unsigned long micros() { return 0; }
inline void delay(unsigned long) {}
void setup();
void loop();
"""
ARDUINO_MAIN = '#include "Arduino.h"\nSerialPort Serial;\nint main() { setup(); loop(); loop(); }\n'


def properties_of(library: Path) -> dict[str, str]:
    lines = (library / "library.properties").read_text().splitlines()
    assert all("=" in line for line in lines)
    return dict(line.split("=", 1) for line in lines)


@using([("arduino", "model", "cortex-m4")])
def test_the_arduino_library_is_as_the_specification_says(example: Path) -> None:
    """https://arduino.github.io/arduino-cli/latest/library-specification/"""
    library = example / "model"
    found = properties_of(library)
    for key in ("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"):
        assert found[key].strip() == found[key] != ""
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", found["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert found["category"] == "Data Processing"
    assert (library / found["includes"]).is_file()
    # The flat layout: no folder that Arduino would compile, or take the sources from instead.
    assert not {p.name for p in library.iterdir() if p.is_dir()} & {"src", "utility"}


@using([("arduino", "model", "cortex-m4"), ("arduino", "model", "xtensa"), ("arduino", "model", "host")])
def test_the_arduino_sketch(example: Path, tmp_path: Path) -> None:
    """Every .c of the library's folder is compiled for size, as Arduino does it, and the sketch as C++."""
    need("gcc", "g++")
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "Arduino.h").write_text(ARDUINO_H)
    (stub / "main.cpp").write_text(ARDUINO_MAIN)
    objects = []
    for source in sorted((example / "model").glob("*.c")):
        objects.append(stub / f"{source.stem}.o")
        run("gcc", "-Os", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-DARDUINO=10607", "-c", source, "-o",
            objects[-1], folder=stub)  # fmt: skip
    sketch = example / "Inference" / "Inference.ino"
    flags = ["-Os", "-std=gnu++11", "-Wall", "-Wextra", "-Werror", "-DARDUINO=10607", f"-I{stub}", f"-I{example}/model"]
    run("g++", *flags, "-include", "Arduino.h", "-x", "c++", sketch, "-x", "c++", stub / "main.cpp", "-x", "none",
        *objects, "-o", "sketch", folder=stub)  # fmt: skip
    assert re.fullmatch(r"(\d+ in 0 us\n){2}", run("./sketch", folder=stub))


def test_every_example_has_its_readme_and_nothing_generated() -> None:
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "new-board"]  # test_own_board.py
    assert {path.name for path in folders} == {"makefile", "cmake", "esp-idf", "zephyr", "arduino"}
    for folder in folders:
        text = (folder / "README.md").read_text()
        assert "wwtool compile MODEL.tflite" in text
        assert len(text.splitlines()) <= 20
        assert f"[{folder.name}]({folder.name})" in (EXAMPLES / "README.md").read_text()
    shown = subprocess.run(["git", "ls-files", "."], cwd=EXAMPLES, capture_output=True, text=True, check=False).stdout
    assert "ww_kernels.h" not in shown
