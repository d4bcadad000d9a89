"""The generated folder as its users meet it: strict compilers, C++, CMake, a microcontroller's toolchain, odd names."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from graphs import SAME, Model, Net, float32
from recurrent_graphs import lstm, svdf
from test_compiler_state import copied, simple, start

from wwtool.compiler.emit.c_text import comment_text, float_literal
from wwtool.compiler.package import compile_graph, kernel_dir, write_package, write_sources
from wwtool.compiler.report import make_report
from wwtool.compiler.targets import Target
from wwtool.models.quantized import Scale
from wwtool.reports.compile_page import write_report
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model, read_model

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-pedantic", "-Werror"]
NAMES = [
    'my-model*/ "x".tflite',
    "9 lives",
    "*/ int x = 1; /*",
    "ünïcode 名",
    "?" + "?/",
    "back\\slash\\",
    "two\nlines",
    "%s%n",
]
MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"


def everything(floats: bool = True) -> Model:
    """A model that needs every kernel; without ``floats`` none that computes with them."""
    net = Net((1, 6, 4, 3), Scale(float32(26 / 255), -128))
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return random.integers(-127, 128, shape, np.int8)

    bias, scales = np.asarray([7, -(2**20), 2**20], np.int32), np.full(3, 0.01, np.float32)
    output = Scale(0.3, 2)
    x = net.conv(net.input, weights(3, 3, 3, 3), bias, scales, output, padding=SAME)
    x = net.conv(x, weights(1, 3, 3, 3), bias, scales, output, padding=SAME, depthwise=True)
    x = net.conv(x, weights(4, 1, 1, 3), np.resize(bias, 4), 0.01, output)
    x = net.pool(x, (1, 4), (1, 1), 1, 0)
    x = net.conv(x, weights(1, 2, 1, 4), np.resize(bias, 4), 0.01, output, depthwise=True)
    handle = net.variable("state", start((1, 2, 1, 4)), output)
    old = net.read(handle, (1, 2, 1, 4), output)
    x = net.concatenate([x, old], 1)
    net.assign(handle, net.slice(x, [0, 0, 0, 0], [1, 2, 1, 4]))
    flat = net.reshape(x, (1, 28))
    recurrent = net.reshape(svdf(net, flat, 6, 2, output=output), (1, 2, 3))
    recurrent = net.reshape(lstm(net, recurrent, 4, 3), (1, 6))
    y = net.dense(recurrent, weights(1, 6), bias[:1], 0.01, Scale(1 / 16, 0))
    other = net.binary("ADD", flat, net.binary("MUL", flat, net.number(weights(28), output), output), output)
    other = net.binary("MAXIMUM", net.binary("PRELU", other, net.number(weights(1, 28), output), output), other, output)
    plane = net.pad(net.transpose(net.reshape(other, (1, 7, 4, 1)), [0, 2, 1, 3]), [(0, 0), (1, 0), (1, 0), (0, 0)])
    plane = net.pool(plane, (2, 2), (1, 1), 1, 0, "MAX_POOL_2D")
    y = net.binary("SUB", y, net.reshape(net.mean(plane, [1, 2], True, output), (1, 1)), Scale(1 / 16, 0))
    y = net.binary("ADD", y, net.slice(net.softmax(flat), [0, 0], [1, 1]), Scale(1 / 16, 0))
    table = net.binary("ADD", net.reshape(flat, (28, 1)), net.reshape(flat, (1, 28)), output)
    y = net.binary("ADD", y, net.mean(table, [0, 1], True, output), Scale(1 / 16, 0))
    # A channel in each layer that is not rescaled in few instructions.
    large = np.asarray([0.01] * 7 + [60.0], np.float32)
    none = np.zeros(8, np.int32)
    odd = net.conv(net.input, weights(8, 3, 3, 3), none, large, output, padding=SAME)
    odd = net.conv(odd, weights(1, 3, 3, 16), None, np.resize(large, 16), output, depthwise=True)
    odd = net.conv(odd, weights(8, 1, 1, 16), none, large, output)
    y = net.binary("ADD", y, net.reshape(net.mean(odd, [1, 2, 3], True, output), (1, 1)), Scale(1 / 16, 0))
    wide = net.quantize(net.quantize(y, Scale(1e-3, 0), "int16"), Scale(1e-6, 0), "int32")
    if floats:
        real = net.add_input((1, 1), output, "float32")
        y = net.binary("ADD", y, net.quantize(real, Scale(1 / 16, 0)), Scale(1 / 16, 0))
    probability = net.logistic(y)
    outputs = [net.quantize(probability, Scale(1 / 256, 0), "uint8"), probability, wide]
    return net.pack(*outputs, *([net.dequantize(y)] if floats else []))


def passed_on() -> Model:
    """No operator at all: the inputs are the outputs."""
    net = Net()
    return net.pack(net.add_input((1, 3), Scale(1.0, 0)), net.input)


CONTENTS = {
    "everything": everything(),
    "windows": simple(start((1, 3, 1, 3))),
    "copied": copied(),
    "passed_on": passed_on(),
}


def graph(name: str = "everything") -> Graph:
    return parse_model(CONTENTS[name])


def need(tool: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    return tool


def run(*command: str | Path) -> str:
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "compiler", ["gcc", "clang", "arm-none-eabi-gcc -mcpu=cortex-m0plus", "arm-none-eabi-gcc -mcpu=cortex-m4"]
)
def test_every_kernel_by_itself(compiler: str, tmp_path: Path) -> None:
    """Also those that no model of this file calls."""
    program, *flags = compiler.split()
    for source in sorted(kernel_dir().glob("*.c")):
        run(need(program), *flags, *STRICT, "-O2", "-c", source, "-o", tmp_path / "out.o")


@pytest.mark.parametrize("trace", [[], ["-DWW_MODEL_TRACE"]])
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("target", ["host", "cortex-m0plus", "cortex-m4"])
def test_strict_compilers(target: Target, compiler: str, content: str, trace: list[str], tmp_path: Path) -> None:
    write_package(compile_graph(graph(content), "model", target), tmp_path)
    for source in sorted(tmp_path.glob("*.c")):
        run(need(compiler), *STRICT, *trace, "-O2", "-c", source, "-o", tmp_path / "out.o")


def test_the_header_is_c_plus_plus(tmp_path: Path) -> None:
    write_package(compile_graph(graph(), "model"), tmp_path)
    (tmp_path / "use.cpp").write_text(
        '#include "model.h"\n#include "model.h"\nstatic ww_model model;\n'
        "int main() { ww_model_init(&model); ww_model_input(&model)[0] = 1; ww_model_invoke(&model);\n"
        "    return ww_model_output(&model)[0] == 1 && WW_MODEL_INPUT_SCALE < 0; }\n"
    )
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Werror"]
    run(need("g++"), *flags, "-c", tmp_path / "use.cpp", "-o", tmp_path / "use.o")
    sources = [path for path in tmp_path.glob("*.c") if path.name != "main.c"]
    for source in sources:
        run(need("gcc"), "-std=c99", "-c", source, "-o", source.with_suffix(".o"))
    run("g++", tmp_path / "use.o", *(s.with_suffix(".o") for s in sources), "-o", tmp_path / "use")
    run(tmp_path / "use")


@pytest.mark.parametrize("content", CONTENTS)
def test_cmake_builds_the_example_and_it_runs(content: str, tmp_path: Path) -> None:
    model = compile_graph(graph(content), "A title")
    write_package(model, tmp_path / "package")
    run(need("cmake"), "-S", tmp_path / "package", "-B", tmp_path / "build")
    run("cmake", "--build", tmp_path / "build")
    printed = run(tmp_path / "build" / "example")
    assert re.fullmatch(r"(output(_\d)?\[\d+\] = \S+(, which is \S+)?\n)+", printed)


def test_the_example_of_a_model_of_floats(tmp_path: Path) -> None:
    net = Net((1, 4), Scale(0.5, 0), "float32")
    other = net.add_input((1, 4), Scale(0.5, 3))
    x = net.binary("ADD", net.quantize(net.input, Scale(0.5, 0)), other, Scale(0.25, 0))
    write_package(compile_graph(parse_model(net.pack(net.dequantize(x))), "model"), tmp_path)
    run(need("gcc"), *STRICT, *tmp_path.glob("*.c"), "-o", tmp_path / "example")
    printed = run(tmp_path / "example").splitlines()
    assert [line.split(" = ")[0] for line in printed] == [f"output[{i}]" for i in range(4)]
    values = [float(line.split(" = ")[1]) for line in printed]
    assert values == sorted(values)  # both inputs are ramps
    assert (values[0], values[-1]) == (-32.0, 31.75)  # more than the output's scale holds
    header = (tmp_path / "model.h").read_text()
    assert "float *ww_model_input(struct ww_model *model);" in header
    assert "int8_t *ww_model_input_1(struct ww_model *model);" in header
    assert "const float *ww_model_output(const struct ww_model *model);" in header


def test_the_package_is_part_of_another_cmake_project(tmp_path: Path) -> None:
    write_package(compile_graph(graph(), "model"), tmp_path / "package")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(outer C)\nadd_subdirectory(package)\n"
        "add_executable(mine package/main.c)\ntarget_link_libraries(mine PRIVATE ww_model)\n"
    )
    run(need("cmake"), "-S", tmp_path, "-B", tmp_path / "build")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "mine")


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
def test_a_microcontroller(core: str, tmp_path: Path) -> None:
    """Weights and tables lie in read-only sections, and no kernel pulls in the heap or floating point."""
    model = compile_graph(graph(), "model")
    gcc = need("arm-none-eabi-gcc")
    flags = [f"-mcpu={core}", "-mthumb", "-mfloat-abi=soft", "-Os", "-ffreestanding", *STRICT]
    objects = []
    for source in write_sources(model, tmp_path):
        objects.append(source.with_suffix(".o"))
        run(gcc, *flags, "-c", source, "-o", objects[-1])
    sizes = run("arm-none-eabi-size", "-A", *objects)
    sections = [line.split() for line in sizes.splitlines() if line.startswith((".data", ".bss"))]
    assert sum(int(words[1]) for words in sections) == 0
    assert sum(int(w[1]) for w in map(str.split, sizes.splitlines()) if w and w[0].startswith(".rodata")) >= (
        model.weight_bytes + model.table_bytes
    )
    # Only where floats are inputs or outputs of the model are they computed with.
    objects = [path for path in objects if path.stem not in ("ww_quantize", "ww_dequantize")]
    undefined = set(re.findall(r"\bU (\S+)", run("arm-none-eabi-nm", *objects)))
    defined = set(re.findall(r"\b[TRWt] (\S+)", run("arm-none-eabi-nm", *objects)))
    helpers = {
        name for name in undefined - defined if not name.startswith(("__aeabi_", "ww_quantize", "ww_dequantize"))
    }
    assert helpers <= {"memcpy", "memmove", "memset", "__gnu_thumb1_case_uqi"}
    assert not {n for n in undefined if re.match(r"__aeabi_[fd]|__aeabi_\w+2[fd]", n)}


@pytest.mark.parametrize("content", CONTENTS)
def test_the_same_bytes_twice(content: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        model = compile_graph(graph(content), "model")
        write_package(model, tmp_path / folder)
        write_report(make_report(model), tmp_path / folder)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_are_only_text(name: str, tmp_path: Path) -> None:
    model = compile_graph(graph("windows"), name)
    write_package(model, tmp_path)
    for source in [path for path in tmp_path.glob("*.c") if path.name.startswith(("model", "main"))]:
        run(need("gcc"), *STRICT, "-c", source, "-o", tmp_path / "out.o")
    guard = re.search(r"#ifndef (\S+)", model.files["model.h"])
    assert guard is not None
    assert re.fullmatch(r"WW_MODEL_[A-Z0-9_]+_H", guard.group(1))
    run(need("cmake"), "-S", tmp_path, "-B", tmp_path / "build")


def test_sizes_in_the_header_are_those_of_the_memory() -> None:
    model = compile_graph(graph(), "model")
    header = model.files["model.h"]
    assert f"WW_MODEL_ARENA_BYTES = {model.memory.arena_bytes}," in header
    assert f"WW_MODEL_STATE_BYTES = {model.memory.state_bytes}," in header
    assert "WW_MODEL_INPUT_BYTES = 72, /* 1x6x4x3 int8 */" in header
    assert f'WW_MODEL_SHA256 "{graph().sha256}"' in header
    assert model.macs > 0
    exponentials = 63  # what lies further below the largest is 0
    assert model.table_bytes == 2 * 256 + 1 + 4 * exponentials  # two outputs share one table


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a */ b", "a * / b"), ("a\nb\tc", "a b c"), ("end\\", "end"), ("**//", "* *//")],
)
def test_text_in_comments(text: str, expected: str) -> None:
    assert comment_text(text).replace(" ", "") == expected.replace(" ", "")
    assert "*/" not in comment_text(text)


@pytest.mark.parametrize("value", [26 / 255, 1 / 256, 1e-38, 3.4e38, 1.0, 0.1, 2**-126])
def test_a_float_literal_reads_back_as_the_same_float(value: float) -> None:
    text = float_literal(value)
    assert re.fullmatch(r"\d\.\d+e[+-]\d+f", text)
    assert np.float32(text[:-1]) == np.float32(value)


def test_a_published_model(tmp_path: Path) -> None:
    path = MODELS / "esphome_hey_jarvis.tflite"
    if not path.is_file():
        pytest.skip("the published models are not here")
    for source in write_sources(compile_graph(read_model(path), path.name), tmp_path):
        run(need("gcc"), *STRICT, "-O2", "-c", source, "-o", tmp_path / "out.o")
