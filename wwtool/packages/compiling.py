"""A model compiled for the core of a platform."""

from __future__ import annotations

from typing import cast

from wwtool.compiler.package import CompiledModel, compile_graph
from wwtool.compiler.targets import Target
from wwtool.platforms.profile import Platform
from wwtool.tflite.graph import Graph


def compile_for(platform: Platform, graph: Graph, name: str, prefix: str | None = None) -> CompiledModel:
    """Compiles a model for a platform's core. The sizes do not depend on what the model has learned.

    ``prefix`` begins the names of its C, where several models share a program.

    Raises:
        InputError: the model uses something that is not supported.
    """
    target = cast(Target, platform.core.target)  # a test holds the cores to the compiler's targets
    return compile_graph(graph, name, target, platform.optimize, prefix, same_sizes=True)
