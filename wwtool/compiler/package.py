"""Compiles a model into a folder of C: the model, the kernels it calls, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import hash_of, write_text
from wwtool.base.text import safe_identifier
from wwtool.compiler.emit.c_text import comment_text, constants_of, render, template_environment
from wwtool.compiler.emit.naming import Names, names_of
from wwtool.compiler.kernels.registry import kernel_of, specialize
from wwtool.compiler.lowering import lower
from wwtool.compiler.memory.addresses import Memory, assign
from wwtool.compiler.program import Program
from wwtool.compiler.targets import Optimize, Target, kernel_set
from wwtool.tflite.graph import Graph

COMPILER_FLAG = "-O2"  # how firmware compiles the C, and how users should
_INCLUDE = re.compile(r'^#include "(\w+\.h)"', re.MULTILINE)


@dataclass(frozen=True)
class CompiledModel:
    """The C files by name, and what reports and budgets read: calls, memory, kernels."""

    name: str
    names: Names
    program: Program
    memory: Memory
    files: dict[str, str]
    kernels: tuple[str, ...]
    target: Target
    optimize: Optimize

    @property
    def input_frames(self) -> int:
        """Feature frames that one inference takes, for models of feature frames."""
        graph = self.program.graph
        return int(graph.tensor(graph.inputs[0]).shape[1])

    @property
    def weight_bytes(self) -> int:
        return sum(c.nbytes for c in constants_of(self.program) if c.weights)

    @property
    def table_bytes(self) -> int:
        return sum(c.nbytes for c in constants_of(self.program) if not c.weights)

    @property
    def macs(self) -> int:
        return sum(call.macs for call in self.program.calls)


@np.errstate(all="ignore")  # as in lower(): the choice of kernels computes with multipliers as well
def compile_graph(
    graph: Graph, name: str, target: Target = "host", optimize: Optimize = "speed", prefix: str | None = None,
    same_sizes: bool = False,
) -> CompiledModel:  # fmt: skip
    """Compiles a model to C for a core: lowers it, chooses kernels, lays out memory and renders the files.

    Args:
        graph: the model (see tflite.reader.read_model).
        name: appears in comments.
        target: the core.
        optimize: "speed" uses the kernels made for the core, "size" the portable ones.
        prefix: begins every name and file of the model (see naming.py).
        same_sizes: the size of the result does not depend on what the model has learned.

    Raises:
        InputError: the model uses something that is not supported.
        UsageError: the prefix is not a valid name in C.
    """
    names = names_of(prefix, hash_of(graph.sha256, target, optimize, __version__))
    program = lower(graph, "none" if same_sizes else "idle")
    specialize(program, kernel_set(target, optimize), same_sizes)
    memory = assign(program)
    texts = render(program, memory, name, names)
    return CompiledModel(name, names, program, memory, texts, _kernel_files(program), target, optimize)


def _kernel_files(program: Program) -> tuple[str, ...]:
    """The files of all kernels that the program calls, their headers, and the .c files of these headers."""
    files: set[str] = set()
    unread = ["ww_kernels.h", *{kernel_of(function).file for function in program.functions}]
    while unread:
        file = unread.pop()
        if file in files:
            continue
        files.add(file)
        unread += _INCLUDE.findall((kernel_dir() / file).read_text())
        source = file.removesuffix(".h") + ".c"
        if (kernel_dir() / source).is_file():
            unread.append(source)
    return tuple(sorted(files))


def kernel_dir() -> Path:
    return asset_dir("firmware_templates") / "core" / "kernels"


def write_sources(model: CompiledModel, folder: Path) -> list[Path]:
    """Writes the model's C and its kernels into ``folder``; returns the .c files without main.c."""
    texts = {name: text for name, text in model.files.items() if name != "main.c"}
    for kernel in model.kernels:
        texts[kernel] = (kernel_dir() / kernel).read_text()
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in sorted(texts) if name.endswith(".c")]


def write_package(model: CompiledModel, folder: Path) -> None:
    """Writes the sources, an example main.c, and files that make the folder usable as it is.

    It is a CMake project, an ESP-IDF component, a Zephyr module and an Arduino library.
    """
    context = {
        "title": comment_text(model.name),
        "names": model.names,
        "library_name": library_name(model.name) if model.names.renamed else model.names.prefix,
        "version": __version__,
        "target": model.target,
        "flag": COMPILER_FLAG,
        "arena_bytes": model.memory.arena_bytes,
        "state_bytes": model.memory.state_bytes,
        "sources": [path.name for path in write_sources(model, folder)],
    }
    environment = template_environment("compiler")
    for file in ("CMakeLists.txt", "library.properties", "zephyr/module.yml"):
        template = environment.get_template(f"{Path(file).name}.j2")
        write_text(folder / file, template.render(context))
    write_text(folder / "main.c", model.files["main.c"])


def library_name(title: str) -> str:
    """A name that Arduino's library specification allows: at most 63 letters, digits and underscores.

    >>> library_name("Hey Jarvis!")
    'ww_model_hey_jarvis'
    """
    return f"ww_model_{safe_identifier(title)}"[:63]
