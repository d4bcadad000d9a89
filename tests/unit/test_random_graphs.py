"""Random whole graphs: every engine and set of kernels holds LiteRT's bytes, and none is written over too soon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphs import Model, assert_engines_agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_graphs import check_memory, random_graphs

from wwtool.compiler.memory.planner import Overlap
from wwtool.compiler.package import CompiledModel, compile_graph
from wwtool.compiler.targets import TARGETS, Optimize, Target
from wwtool.engines.machines import emulated, host
from wwtool.tflite.reader import parse_model

derandomized = settings(deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))


def compiled(content: Model, target: Target, optimize: Optimize = "speed") -> CompiledModel:
    return compile_graph(parse_model(content), "model", target, optimize)


@settings(derandomized, max_examples=120)
@given(random_graphs())
def test_memory_is_not_written_over_before_it_is_read(content: Model) -> None:
    for target in TARGETS:
        check_memory(compiled(content, target))


@pytest.mark.parametrize("target", ["host", "cortex-m4", "cortex-m0plus"])
def test_all_engines_agree(target: Target) -> None:
    @settings(derandomized, max_examples=5)
    @given(random_graphs(), st.integers(0, 99))
    def check(content: Model, seed: int) -> None:
        assert_engines_agree(content, rows=4, seed=seed, machine=host(target))

    check()


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus", "xtensa"])
def test_on_an_emulated_core(core: Target) -> None:
    machine = emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or {machine.emulator[0]} is not installed")

    @settings(derandomized, max_examples=3)
    @given(random_graphs(floats=core != "xtensa"))
    def check(content: Model) -> None:
        assert_engines_agree(content, rows=3, machine=machine)

    check()


def broken(model: CompiledModel, step: int, overlap: Overlap) -> bool:
    """Whether the check finds out what happens if call ``step`` has its output where ``overlap`` does not allow it."""
    memory = model.memory
    offsets = dict(memory.layout.offsets)
    offsets[overlap.target] = max(offsets[overlap.source] - overlap.lead, 0) + 4
    layout = replace(memory.layout, offsets=offsets, total=memory.layout.total + 100_000)
    moved = replace(memory, layout=layout, overlaps={})
    try:
        check_memory(replace(model, memory=moved))
    except AssertionError:
        return True
    return False


def test_the_check_finds_outputs_over_what_is_still_read() -> None:
    found: list[bool] = []

    @settings(derandomized, max_examples=100)
    @given(random_graphs())
    def check(content: Model) -> None:
        model = compiled(content, "cortex-m4")
        found.extend(broken(model, *pair) for pair in model.memory.overlaps.items())

    check()
    assert sum(found) > 20
