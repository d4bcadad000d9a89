"""A model compiled for the core of a platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from wwtool.compiler.package import CompiledModel, compile_graph
from wwtool.compiler.targets import Target
from wwtool.packages.package_format import Content
from wwtool.packages.placement import hop_in_ram
from wwtool.platforms.profile import Platform
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

_SMALL: Final = "size"


def compile_for(platform: Platform, graph: Graph, name: str, prefix: str | None = None) -> CompiledModel:
    """Compiles a model for a platform's core. The sizes do not depend on what the model has learned.

    Where the profile wants a hop in RAM and the model is too large for that, it gets the small weights. These may fit;
    if not, to read fewer of them from flash saves more than fast kernels do.

    ``prefix`` begins the names of its C, where several models share a program.

    Raises:
        InputError: the model uses something that is not supported.
    """
    target = cast(Target, platform.core.target)  # a test holds the cores to the compiler's targets
    model = compile_graph(graph, name, target, platform.optimize, prefix, same_sizes=True)
    if platform.memory.hop_bytes == 0 or platform.optimize == _SMALL or hop_in_ram(platform, model):
        return model
    return compile_graph(graph, name, target, _SMALL, prefix, same_sizes=True)


def for_core(content: Content, core: str) -> Content:
    """The same content for another core of ``platforms/cores.py``; unchanged where the kernels are the same."""
    platform = content.platform.on_core(core)
    if platform.core.target == content.model.target:
        return content
    first, *beside = (
        replace(part, platform=platform, model=_again(part, platform), beside=()) for part in content.models
    )
    return replace(first, beside=tuple(beside))


def _again(content: Content, platform: Platform) -> CompiledModel:
    """A content's model compiled for another platform, under the same names."""
    names = content.model.names
    prefix = None if names.renamed else names.prefix
    return compile_for(platform, parse_model(content.tflite), content.model.name, prefix)
