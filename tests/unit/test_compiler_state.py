"""Streaming state: sliding windows kept in place, variables that are copied, reset, and contexts side by side."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from graphs import SAME, SANITIZED, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph, write_sources
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.machines import host_compiler
from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

SCALE = Scale(float32(26 / 255), -128)


def start(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def window(
    net: Net, name: str, x: int, keep: int, initial: np.ndarray | None = None, cut: int | None = None
) -> tuple[int, int, int]:
    """The last ``keep`` steps of x (1, steps, 1, C) from a variable, joined with x; ``cut`` moves what is kept.

    Returns the old steps, the whole and what is kept.
    """
    _, steps, one, channels = net.shapes[x]
    shape = (1, keep, one, channels)
    initial = np.full(shape, net.scales[x].zero_point, np.int8) if initial is None else initial
    handle = net.variable(name, initial, net.scales[x])
    old = net.read(handle, shape, net.scales[x])
    whole = net.concatenate([old, x], 1)
    first = steps if cut is None else cut
    newest = net.slice(whole, [0, first, 0, 0], [1, first + keep, one, channels])
    net.assign(handle, newest)
    return old, whole, newest


def mix(net: Net, x: int, seed: int = 0, channels: int = 3) -> int:
    """A convolution over the whole of x, so that every byte of it counts."""
    random = np.random.default_rng(seed)
    _, h, w, depth = net.shapes[x]
    return net.conv(
        x, random.integers(-127, 128, (channels, h, w, depth), np.int8), random.integers(-99, 99, channels, np.int32),
        np.full(channels, 0.01, np.float32), Scale(float32(net.scales[x].scale * np.sqrt(h * w * depth)), 3),
    )  # fmt: skip


def windows_of(content: bytes) -> tuple[int, int]:
    """How many states are kept in place, and how many are copied."""
    program = lower(parse_model(content))
    return len(program.windows), len(program.states)


@st.composite
def streams(draw: st.DrawFn) -> Model:
    """Chains of windows and convolutions, some windows on the same steps, most of them starting from noise."""
    steps, channels = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    net = Net((1, steps, 1, channels), SCALE)
    x = net.input
    if draw(st.booleans()):
        x = net.reshape(net.reshape(x, (1, steps * channels)), (1, steps, 1, channels))
    for n in range(draw(st.integers(1, 3))):
        keep, depth = draw(st.integers(1, 5)), net.shapes[x][3]
        first = start((1, keep, 1, depth), n) if draw(st.integers(0, 3)) else None
        _, whole, _ = window(net, f"state{n}", x, keep, first)
        if draw(st.booleans()):
            keep = draw(st.integers(1, 4))
            _, other, _ = window(net, f"again{n}", x, keep, start((1, keep, 1, depth), n + 9))
            whole = net.concatenate([other, whole], 1)
        size = draw(st.integers(1, net.shapes[whole][1]))
        random = np.random.default_rng(n)
        x = net.conv(
            whole, random.integers(-127, 128, (3, size, 1, depth), np.int8), random.integers(-99, 99, 3, np.int32),
            np.full(3, 0.01, np.float32), Scale(float32(net.scales[whole].scale * 1.5), 5),
            stride=(draw(st.integers(1, 2)), 1),
        )  # fmt: skip
    return net.pack(x)


@settings(max_examples=15, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(streams())
def test_streams(content: Model) -> None:
    assert_engines_agree(content, rows=8)
    assert windows_of(content)[0] >= 1


def simple(initial: np.ndarray | None = None) -> Model:
    net = Net((1, 2, 1, 3), SCALE)
    _, whole, _ = window(net, "state", net.input, 3, initial)
    return net.pack(mix(net, whole))


def test_a_window_is_kept_in_place_and_nothing_is_copied() -> None:
    content = simple()
    assert windows_of(content) == (1, 0)
    assert [call.function for call in lower(parse_model(content)).calls] == ["ww_dense"]
    assert_engines_agree(content, rows=8)


def test_initial_values_that_are_not_uniform() -> None:
    content = simple(start((1, 3, 1, 3)))
    assert windows_of(content) == (1, 0)
    assert_engines_agree(content, rows=8)


def test_the_window_as_output_of_the_model() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    _, whole, _ = window(net, "state", net.input, 3, start((1, 3, 1, 3)))
    content = net.pack(whole, mix(net, whole))
    assert_engines_agree(content, rows=8)


@pytest.mark.parametrize("part", [0, 2])
def test_old_or_kept_steps_as_output_of_the_model(part: int) -> None:
    net = Net((1, 2, 1, 3), SCALE)
    parts = window(net, "state", net.input, 3, start((1, 3, 1, 3)))
    assert_engines_agree(net.pack(mix(net, parts[1]), parts[part]), rows=8)


def test_the_new_steps_as_output_of_the_model() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    x = net.quantize(net.input, Scale(0.2, 4))
    _, whole, _ = window(net, "state", x, 3, start((1, 3, 1, 3)))
    content = net.pack(x, mix(net, whole))
    assert windows_of(content) == (1, 0)
    assert_engines_agree(content, rows=8)


def test_new_steps_before_old_ones_are_copied() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    handle = net.variable("state", start((1, 3, 1, 3)), SCALE)
    old = net.read(handle, (1, 3, 1, 3), SCALE)
    whole = net.concatenate([net.input, old], 1)
    net.assign(handle, net.slice(whole, [0, 0, 0, 0], [1, 3, 1, 3]))
    content = net.pack(mix(net, whole))
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=8)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_cut_that_does_not_keep_the_newest_is_copied(cut: int) -> None:
    net = Net((1, 2, 1, 3), SCALE)
    _, whole, _ = window(net, "state", net.input, 3, start((1, 3, 1, 3)), cut)
    content = net.pack(mix(net, whole))
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=8)


def test_a_variable_read_twice() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    handle = net.variable("state", start((1, 3, 1, 3)), SCALE)
    first, second = (net.read(handle, (1, 3, 1, 3), SCALE) for _ in range(2))
    whole = net.concatenate([first, net.input], 1)
    newest = net.slice(whole, [0, 2, 0, 0], [1, 5, 1, 3])
    net.assign(handle, newest)
    third = net.read(handle, (1, 3, 1, 3), SCALE)
    content = net.pack(mix(net, net.concatenate([whole, second, third], 1)))
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=8)


def test_a_read_joined_with_itself() -> None:
    net = Net((1, 3, 1, 3), SCALE)
    handle = net.variable("state", start((1, 3, 1, 3)), SCALE)
    old = net.read(handle, (1, 3, 1, 3), SCALE)
    whole = net.concatenate([old, old], 1)
    net.assign(handle, net.slice(whole, [0, 3, 0, 0], [1, 6, 1, 3]))
    assert_engines_agree(net.pack(mix(net, net.concatenate([whole, net.input], 1))), rows=4)


def test_old_steps_that_others_read_too() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    old, whole, newest = window(net, "state", net.input, 3, start((1, 3, 1, 3)))
    both = net.concatenate([whole, old, newest], 1)
    assert_engines_agree(net.pack(mix(net, both)), rows=8)


def test_two_windows_over_the_same_steps() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    _, a, _ = window(net, "a", net.input, 3, start((1, 3, 1, 3)))
    _, b, _ = window(net, "b", net.input, 4, start((1, 4, 1, 3), 1))
    content = net.pack(mix(net, net.concatenate([a, b], 1)))
    assert windows_of(content) == (1, 1)
    assert_engines_agree(content, rows=8)


def test_a_window_over_a_window() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    _, a, _ = window(net, "a", net.input, 3, start((1, 3, 1, 3)))
    _, b, _ = window(net, "b", net.reshape(a, (1, 5, 1, 3)), 4, start((1, 4, 1, 3), 1))
    assert_engines_agree(net.pack(mix(net, b)), rows=8)


def test_a_window_along_an_inner_axis() -> None:
    """Only a window over the outermost axis that is not 1 can be moved in one piece."""
    net = Net((1, 2, 3, 2), SCALE)
    handle = net.variable("state", start((1, 2, 4, 2)), SCALE)
    old = net.read(handle, (1, 2, 4, 2), SCALE)
    whole = net.concatenate([old, net.input], 2)
    net.assign(handle, net.slice(whole, [0, 0, 3, 0], [1, 2, 7, 2]))
    content = net.pack(mix(net, whole))
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=8)


def test_an_accumulated_state_is_copied() -> None:
    """A state that is the network's own output."""
    net = Net((1, 1, 1, 4), SCALE)
    handle = net.variable("state", start((1, 1, 1, 4)), SCALE)
    old = net.read(handle, (1, 1, 1, 4), SCALE)
    y = mix(net, net.concatenate([old, net.input], 3), channels=4)
    net.assign(handle, net.quantize(y, SCALE))
    content = net.pack(y)
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=8)


def test_a_variable_that_is_only_written_changes_nothing() -> None:
    net = Net((1, 1, 1, 4), SCALE)
    handle = net.variable("state", start((1, 1, 1, 4)), SCALE)
    y = mix(net, net.input)
    net.assign(handle, net.quantize(net.input, SCALE))
    content = net.pack(y)
    assert windows_of(content) == (0, 0)
    assert_engines_agree(content, rows=3)


@pytest.mark.parametrize("shape", [(1, 2, 1, 3), (1, 4, 1, 3)])
def test_an_initial_value_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="'state', which no CALL_ONCE subgraph sets to a value of its size"):
        compile_graph(parse_model(simple(start(shape))), "model")


HARNESS = r"""
#include <stdio.h>
#include <string.h>
#include "model.h"
static struct ww_model a, b;
static int8_t row[WW_MODEL_INPUT_BYTES];
static int feed(struct ww_model *model)
{
    memcpy(ww_model_input(model), row, sizeof row);
    ww_model_invoke(model);
    fwrite(ww_model_output(model), 1, WW_MODEL_OUTPUT_BYTES, stdout);
    return memcmp(ww_model_input(model), row, sizeof row) != 0;
}
int main(void)
{
    int command, altered = 0;
    ww_model_init(&a);
    ww_model_init(&b);
    while ((command = getchar()) != EOF) {
        if (command == 'r') {
            ww_model_reset(&a);
        } else if (fread(row, sizeof row, 1, stdin) == 1) {
            altered |= feed(command == 'a' ? &a : &b);
        }
    }
    return altered;
}
"""


def run_harness(content: bytes, folder: Path, commands: list[tuple[str, np.ndarray | None]]) -> list[bytes]:
    """Runs 'a' and 'b' (a row on that context) and 'r' (reset a); returns the output of every row."""
    model = compile_graph(parse_model(content), "model")
    (folder / "harness.c").write_text(HARNESS)
    sources = [*write_sources(model, folder), folder / "harness.c"]
    command = [host_compiler(), "-std=c99", *SANITIZED, f"-I{folder}", *map(str, sources), "-o", str(folder / "run")]
    subprocess.run(command, check=True)
    fed = b"".join(name.encode() + (b"" if row is None else row.tobytes()) for name, row in commands)
    result = subprocess.run([str(folder / "run")], input=fed, capture_output=True, check=False)
    assert result.returncode == 0, "an invocation changed its input" if result.returncode == 1 else result.stderr
    size = model.program.graph.tensor(model.program.graph.outputs[0]).nbytes
    return [result.stdout[i : i + size] for i in range(0, len(result.stdout), size)]


def copied() -> Model:
    net = Net((1, 2, 1, 3), SCALE)
    _, a, _ = window(net, "a", net.input, 3, start((1, 3, 1, 3)))
    _, b, _ = window(net, "b", net.input, 4)
    y = mix(net, net.concatenate([a, b], 1))
    return net.pack(y)


@pytest.mark.parametrize("content", [simple(), simple(start((1, 3, 1, 3))), copied()])
def test_reset_contexts_and_inputs(content: Model, tmp_path: Path) -> None:
    rows = list(np.random.default_rng(3).integers(-128, 128, (10, 1, 2, 1, 3), np.int8))
    alone = [y.tobytes() for y in LiteRtEngine(content).run(np.stack(rows))]
    other = [y.tobytes() for y in LiteRtEngine(content).run(np.stack(rows[::-1]))]
    assert len(set(alone)) > 1
    interleaved = [c for x, y in zip(rows, rows[::-1], strict=True) for c in (("a", x), ("b", y))]
    again = [("r", None), *(("a", x) for x in rows), ("b", rows[0])]
    got = run_harness(content, tmp_path, [*interleaved, *again])
    assert got[:20:2] == alone
    assert got[1:20:2] == other
    assert got[20:30] == alone
    assert len(got) == 31


def test_every_run_of_the_engine_starts_afresh() -> None:
    rows = np.random.default_rng(3).integers(-128, 128, (6, 2, 1, 3), np.int8)
    with NativeEngine(simple()) as engine:
        assert np.array_equal(engine.run(rows), engine.run(rows))


def test_state_with_padding_and_branches_that_outlive_it() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    _, whole, _ = window(net, "state", net.input, 3, start((1, 3, 1, 3)))
    random = np.random.default_rng(1)
    padded = net.conv(
        whole, random.integers(-127, 128, (3, 3, 1, 3), np.int8), random.integers(-99, 99, 3, np.int32),
        np.full(3, 0.01, np.float32), SCALE, padding=SAME,
    )  # fmt: skip
    assert_engines_agree(net.pack(mix(net, net.concatenate([padded, whole], 1))), rows=6)


KEYS = [("", ""), ("", "same"), ("a", "same"), ("b", "same"), ("a", ""), ("", "a/same"), ("a/same", ""), ("same", "a")]


@pytest.mark.parametrize("windows", [False, True])
def test_container_and_name_together_tell_variables_apart(windows: bool) -> None:
    """Each of them holds a sum of its own; one may be without a name."""
    net = Net((1, 1, 1, 3), SCALE)
    outputs = []
    for number, (container, name) in enumerate(KEYS):
        shape = (1, 2, 1, 3) if windows else (1, 1, 1, 3)
        handle = net.variable(name, start(shape, number), SCALE, container)
        old = net.read(handle, shape, SCALE)
        if windows:
            whole = net.concatenate([old, net.op("RELU", [net.input], (1, 1, 1, 3), SCALE)], 1)
            net.assign(handle, net.slice(whole, [0, 1, 0, 0], [1, 3, 1, 3]))
            outputs.append(mix(net, whole, number))
        else:
            outputs.append(net.binary("ADD", old, net.input, SCALE))
            net.assign(handle, outputs[-1])
    content = net.pack(*outputs)
    assert windows_of(content) == ((len(KEYS), 0) if windows else (0, len(KEYS)))
    assert_engines_agree(content, rows=6)


def test_a_variable_is_one_by_whatever_handle() -> None:
    """What one handle assigns the other one reads; LiteRT takes a name up to its first NUL."""
    net = Net((1, 1, 1, 3), SCALE)
    first = net.variable("shared", start((1, 1, 1, 3)), SCALE)
    second = net.main.variable("shared\0 and no more")
    total = net.binary("ADD", net.read(first, (1, 1, 1, 3), SCALE), net.input, SCALE)
    net.assign(second, total)
    content = net.pack(net.read(first, (1, 1, 1, 3), SCALE), total)
    assert windows_of(content) == (0, 1)
    assert_engines_agree(content, rows=6)
