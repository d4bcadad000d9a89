"""Several compiled models in one program: every way to name them and to link them, in C and in C++98."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from graphs import SANITIZED, Net

from wwtool.compiler.emit.naming import names_of
from wwtool.compiler.package import CompiledModel, compile_graph, kernel_dir, write_package
from wwtool.compiler.targets import Optimize, Target
from wwtool.engines.native import NativeEngine
from wwtool.errors import UsageError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

NAMED, UNNAMED = ("hey_jarvis", "Alexa2"), (None, None)


def model(inputs: int, outputs: int, seed: int) -> bytes:
    """A dense layer, a sum and a table: kernels that both models have, on contexts of different sizes."""
    random = np.random.default_rng(seed)
    net = Net((1, inputs), Scale(0.1, 3))
    weights = random.integers(-127, 128, (outputs, inputs)).astype(np.int8)
    dense = net.dense(net.input, weights, None, 0.02, Scale(0.3, -5))
    return net.pack(
        net.binary("ADD", dense, net.op("LOGISTIC", [dense], (1, outputs), Scale(1 / 256, -128)), Scale(0.3, 1))
    )


SMALL, LARGE = model(4, 3, 1), model(160, 96, 2)


def need(tool: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    return tool


def run(*command: str | Path, folder: Path) -> str:
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def compiled(content: bytes, prefix: str | None, folder: Path) -> CompiledModel:
    made = compile_graph(parse_model(content), folder.name, prefix=prefix)
    write_package(made, folder)
    return made


def use(made: CompiledModel, name: str, folder: Path) -> None:
    """A file that runs the model on zeros and writes its outputs."""
    prefix, macro = made.names.prefix, made.names.macro
    (folder / f"{name}.c").write_text(f"""
        #include <stdio.h>
        #include <string.h>
        #include "{name}/{made.names.stem}.h"
        void run_{name}(void);
        void run_{name}(void)
        {{
            static struct {prefix} model;
            {prefix}_init(&model);
            memset({prefix}_input(&model), 0, {macro}_INPUT_BYTES);
            {prefix}_invoke(&model);
            for (int i = 0; i < {macro}_OUTPUT_LENGTH; i++) {{
                printf("%d ", {prefix}_output(&model)[i]);
            }}
        }}
    """)


def expected(content: bytes) -> list[int]:
    graph = parse_model(content)
    with NativeEngine(content) as engine:
        return engine.run(np.zeros((1, *graph.tensor(graph.inputs[0]).shape), np.int8)).ravel().tolist()


@pytest.mark.parametrize("link", ["objects", "libraries", "libraries reversed"])
@pytest.mark.parametrize("prefixes", [NAMED, UNNAMED, (None, "kws")])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_two_models_in_one_program(
    compiler: str, prefixes: tuple[str | None, str | None], link: str, tmp_path: Path
) -> None:
    flags = SANITIZED if need(compiler) == "gcc" else ("-O1",)
    parts: list[Path] = []
    for name, content, prefix in zip(("small", "large"), (SMALL, LARGE), prefixes, strict=True):
        use(compiled(content, prefix, tmp_path / name), name, tmp_path)
        sources = [path for path in (tmp_path / name).glob("*.c") if path.name != "main.c"]
        for source in sources:
            run(compiler, *flags, "-std=c99", "-c", source, "-o", source.with_suffix(".o"), folder=tmp_path)
        objects = [source.with_suffix(".o") for source in sources]
        if link == "objects":
            parts += objects
        else:
            run("ar", "rcs", f"lib{name}.a", *objects, folder=tmp_path)
            parts.insert(0, tmp_path / f"lib{name}.a")
    if link == "libraries reversed":
        parts.reverse()
    (tmp_path / "main.c").write_text(
        "void run_small(void);\nvoid run_large(void);\n"
        "int main(void) { run_small(); run_large(); run_small(); return 0; }\n"
    )
    run(compiler, *flags, "main.c", "small.c", "large.c", *parts, "-lm", "-o", "both", folder=tmp_path)
    small, large = expected(SMALL), expected(LARGE)
    assert list(map(int, run("./both", folder=tmp_path).split())) == [*small, *large, *small]


def test_two_headers_in_one_file_of_cplusplus_98(tmp_path: Path) -> None:
    for content, prefix in zip((SMALL, LARGE), NAMED, strict=True):
        compiled(content, prefix, tmp_path / prefix)
    (tmp_path / "use.cpp").write_text(
        '#include "hey_jarvis/hey_jarvis.h"\n#include "Alexa2/Alexa2.h"\n'
        "static hey_jarvis one;\nstatic Alexa2 other;\n"
        "int main() { hey_jarvis_init(&one); Alexa2_init(&other);\n"
        "    return HEY_JARVIS_INPUT_BYTES == 4 && ALEXA2_INPUT_BYTES == 160 ? 0 : 1; }\n"
    )
    run(
        need("g++"), "-std=c++98", "-pedantic", "-Wall", "-Wextra", "-Werror", "-c", "use.cpp", "-o", "use.o",
        folder=tmp_path,
    )  # fmt: skip


def test_two_models_without_names_in_one_file_are_told_the_remedy(tmp_path: Path) -> None:
    for name, content in (("small", SMALL), ("large", LARGE)):
        compiled(content, None, tmp_path / name)
    (tmp_path / "use.c").write_text('#include "small/model.h"\n#include "large/model.h"\n')
    result = subprocess.run([need("gcc"), "-c", "use.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "--prefix NAME" in result.stderr


@pytest.mark.parametrize("prefix", [None, "hey_jarvis"])
def test_the_linker_sees_names_of_the_model_and_weak_kernels(prefix: str | None, tmp_path: Path) -> None:
    made = compiled(LARGE, prefix, tmp_path)
    for source in tmp_path.glob("*.c"):
        if source.name != "main.c":
            run(need("gcc"), "-c", source, folder=tmp_path)
    symbols = run("nm", "--defined-only", "-g", *tmp_path.glob("*.o"), folder=tmp_path)
    kinds = {name: kind for _, kind, name in re.findall(r"^(\w+) (\w) (\w+)$", symbols, re.MULTILINE)}
    assert len(kinds) > 8
    for name, kind in kinds.items():
        assert name.startswith(made.names.linked + "_") or kind == "W", (name, kind)
    assert ("ww_model" in symbols) == (prefix is None)


def test_every_kernel_may_be_there_twice() -> None:
    """A function that other files call is marked; what is not marked is private to its file."""
    unmarked = {
        f"{path.name}: {line}"
        for path in (*kernel_dir().glob("*.c"), *kernel_dir().glob("*_typed.h"))
        for line in path.read_text().splitlines()
        if re.match(r"[a-z]\w* [\w *]*\(", line) and not line.startswith(("static", "typedef"))
    }
    assert not unmarked


def test_a_folder_with_a_prefix_is_a_project(tmp_path: Path) -> None:
    made = compiled(LARGE, "hey_jarvis", tmp_path)
    text = "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.suffix not in (".svg", ".html") and path.is_file()
    )
    assert made.names.stem == "hey_jarvis"
    assert "ww_model" not in text and "WW_MODEL" not in text and "model.h" not in text
    assert "name=hey_jarvis\n" in (tmp_path / "library.properties").read_text()
    run(need("cmake"), "-S", ".", "-B", "build", folder=tmp_path)
    run("cmake", "--build", "build", folder=tmp_path)
    assert "output[0] = " in run("./build/example", folder=tmp_path)


def test_the_same_model_for_two_cores_has_two_names() -> None:
    targets: list[Target] = ["host", "cortex-m4"]
    kinds: list[Optimize] = ["speed", "size"]
    names = {
        compile_graph(parse_model(SMALL), "m", target, optimize).names.linked
        for target, optimize in itertools.product(targets, kinds)
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    "prefix",
    ["", "9lives", "a-b", "a b", "ein/aus", "../x", "jarvis_", "a__b", "_a", "int", "Class", "string", "model", "main",
     "NULL", "linux", "INT8_MAX", "UINT_LEAST8_MAX", "uint8_t",
     "ww_dense", "WW_x", "ä", "x" * 41, "a\n", '"; x'],
)  # fmt: skip
def test_prefixes_that_are_no_names(prefix: str) -> None:
    with pytest.raises(UsageError, match="prefix"):
        names_of(prefix, "0" * 16)
