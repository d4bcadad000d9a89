"""A kernel is one descriptor: the compiler chooses it, links its file and overlaps its memory by that alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graphs import Net, float32

from wwtool.compiler.calls import Call
from wwtool.compiler.kernels import portable, registry
from wwtool.compiler.kernels.kernel import Fit, Kernel, Reach
from wwtool.compiler.kernels.portable import DENSE_ROUND_ONCE
from wwtool.compiler.package import CompiledModel, compile_graph, kernel_dir
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model


def compiled(outputs: int) -> CompiledModel:
    net = Net((1, 12), Scale(float32(0.1), 3))
    weights = np.random.default_rng(0).integers(-127, 128, (outputs, 12), np.int8)
    y = net.dense(net.input, weights, None, 0.01, Scale(float32(0.3), 4))
    return compile_graph(parse_model(net.pack(y)), "model", "cortex-m4")


def few_outputs(call: Call, leave_out_constants: bool) -> Fit | None:
    fields = call.fields
    assert isinstance(fields["channels"], int)
    return Fit({**fields, "backwards": 0}, scratch_bytes=48) if fields["channels"] < 5 else None


def test_a_faster_kernel_is_one_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of ww_dense.c stands in for a kernel that somebody adds."""
    added = Kernel("ww_dense", "ww_dense", reach=lambda call: Reach(7), replaces=(DENSE_ROUND_ONCE,), fit=few_outputs)
    monkeypatch.setitem(registry.KERNEL_SETS, "dsp", (added, *registry.KERNEL_SETS["dsp"]))
    monkeypatch.setattr(portable, "KERNELS", ())
    (call,) = compiled(4).program.calls
    assert (call.function, call.struct, call.scratch_bytes) == ("ww_dense", "ww_dense", 48)
    assert registry.reach_of(call) == Reach(7)
    assert registry.reach_of(replace(call, in_place=True)) == Reach(0)
    assert "ww_dense.c" in compiled(4).kernels
    (call,) = compiled(5).program.calls
    assert call.function == "ww_dense_dsp", "where a kernel does not fit, the next one is asked"


def test_every_descriptor_names_a_file_and_a_function_in_it() -> None:
    for kernels in (portable.KERNELS, *registry.KERNEL_SETS.values()):
        for kernel in kernels:
            source = (kernel_dir() / kernel.file).read_text(encoding="utf-8")
            # Kernels of several types are made by a macro of their names.
            assert kernel.function in source or kernel.function.removeprefix("ww_") in source, kernel.function
            assert bool(kernel.replaces) == (kernel.fit is not None), kernel.function


def test_functions_of_a_set_are_named_once() -> None:
    for kernels in registry.KERNEL_SETS.values():
        assert len({kernel.function for kernel in kernels}) == len(kernels)
