"""The kernels made for a core give LiteRT's bytes: on this machine under sanitizers and on emulated cores.

The graphs are those of the portable kernels' tests; here, the weights' range makes most layers fit for the fast ones.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, SAME, VALID, Net, assert_engines_agree, float32
from hypothesis import given, settings
from hypothesis import strategies as st
from test_compiler_operators import activations, paddings, some, zero_points
from test_generated_c import everything

from wwtool.compiler.package import compile_graph, kernel_dir
from wwtool.compiler.targets import Target
from wwtool.engines.diff import compare, first_difference
from wwtool.engines.machines import WARNINGS, Machine, emulated, host
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

CORES: tuple[Target, ...] = ("cortex-m4", "cortex-m0plus", "xtensa", "xtensa-pie")
SUFFIXES = {"cortex-m4": "dsp", "cortex-m0plus": "lanes", "xtensa": "lanes", "xtensa-pie": "pie"}
SUFFIXES_OF_SUMS = {**SUFFIXES, "xtensa-pie": "lanes"}
SANITIZED: tuple[Target, ...] = ("cortex-m4", "cortex-m0plus", "xtensa-pie")
few = settings(some, max_examples=4)


def machine(core: Target) -> Machine:
    chosen = emulated(core)
    if not chosen.available:
        pytest.skip(f"{chosen.compiler} or {chosen.emulator[0]} is not installed")
    return chosen


@st.composite
def layers(draw: st.DrawFn) -> bytes:
    """Convolutions, depthwise convolutions and dense layers side by side, all of them fit for fast kernels."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (1, draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(st.sampled_from([1, 3, 4, 6, 8, 13, 32])))
    net = Net(shape, Scale(float32(0.05), draw(zero_points)))
    _, h, w, depth = shape
    outputs = []

    def scales(reach: int, channels: int) -> tuple[np.ndarray, Scale]:
        weight_scale = (0.01 * 3.0 ** random.uniform(-1, 1, channels)).astype(np.float32)
        # From outputs mostly saturated to outputs mostly zero, with multipliers below a half.
        multiplier = min(0.45, 10 ** draw(st.floats(-5.0, 0.5)) / np.sqrt(reach))
        return weight_scale, Scale(float32(0.05 * 0.03 / multiplier), draw(zero_points))

    for _ in range(6):
        depthwise = draw(st.booleans())
        padding = draw(paddings)
        kernel = draw(st.integers(1, min(h, 5))), draw(st.integers(1, min(w, 5)))
        if padding == SAME and draw(st.booleans()):
            kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))  # larger than the input, perhaps
        if draw(st.integers(0, 2)) == 0:
            kernel = (1, 1)
        dilation = (draw(st.integers(1, 4)), draw(st.integers(1, 4))) if padding == SAME else (1, 1)
        stride = (1, 1) if dilation != (1, 1) else (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        made = depth if depthwise else draw(st.integers(1, 9))
        weights = random.integers(-127, 128, (1, *kernel, made) if depthwise else (made, *kernel, depth), np.int8)
        if draw(st.integers(0, 3)) == 0:
            weights = np.where(weights < 0, -127, 127).astype(np.int8)
        bias = random.integers(-20_000, 20_001, made, np.int32)
        reach = kernel[0] * kernel[1] * (1 if depthwise else depth)
        weight_scale, output = scales(reach, made)
        activation = draw(activations)
        outputs.append(
            net.conv(net.input, weights, bias, weight_scale, output, stride, dilation, padding, activation, depthwise)
        )
    size = h * w * depth
    flat = net.reshape(net.input, (1, size))
    for channels in (2, 5):
        weights = random.integers(-127, 128, (channels, size), np.int8)
        _, output = scales(size, channels)
        bias = random.integers(-20_000, 20_001, channels, np.int32)
        outputs.append(net.dense(flat, weights, bias, 0.01, output, draw(activations)))
    return net.pack(*outputs)


@pytest.mark.parametrize("core", SANITIZED)
def test_sanitized_on_this_machine(core: Target) -> None:
    @some
    @given(layers())
    def check(content: bytes) -> None:
        assert_engines_agree(content, machine=host(core))

    check()


@pytest.mark.parametrize("core", CORES)
def test_on_an_emulated_core(core: Target) -> None:
    chosen = machine(core)

    @few
    @given(layers())
    def check(content: bytes) -> None:
        assert_engines_agree(content, machine=chosen)

    check()


@st.composite
def uneven_layers(draw: st.DrawFn) -> bytes:
    """Layers as above with channels that training leaves or that nobody expects: dead ones, multipliers of any size,
    biases that decide alone, weights of -128, several outputs for each input channel."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (1, draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.sampled_from([1, 2, 3, 4, 5, 8, 11])))
    source = Scale(float32(0.05), draw(zero_points))
    net, depth, outputs = Net(shape, source), shape[3], []

    def uneven(weights: np.ndarray, axis: int, output: Scale) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        by_channel = np.moveaxis(weights, axis, 0)
        reach = by_channel[0].size
        # Multipliers from 2^-33 to 2^12, most of them the usual ones, and biases in proportion, or up to infinity.
        usual = random.random(len(by_channel)) < draw(st.sampled_from([0.0, 0.5, 0.9]))
        exponent = np.where(usual, random.uniform(-9, -3, len(by_channel)), random.uniform(-33, 12, len(by_channel)))
        scale = (2.0**exponent * output.scale / source.scale).astype(np.float32)
        bias = np.clip(random.normal(0, 60, len(by_channel)) * 2.0**-exponent, -(2.0**30), 2.0**30).astype(np.int64)
        room = 2**31 - 1 - 255 * 128 * reach
        bias[random.random(len(bias)) < 0.1] = random.choice([-room, room, 2**30, -(2**30), 0])
        for channel in by_channel:
            kind = random.integers(0, 8)
            if kind < 3:
                channel[...] = (0, -128, np.where(random.random(channel.shape) < 0.5, -128, 127))[kind]
        return weights, bias.astype(np.int32), scale

    for _ in range(6):
        depthwise = draw(st.booleans())
        kernel = (1, 1) if draw(st.integers(0, 2)) == 0 else (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        padding = SAME if min(shape[1:3]) < max(kernel) else draw(paddings)
        made = depth * draw(st.integers(1, 8)) if depthwise else draw(st.integers(2, 9))
        output = Scale(float32(0.1), draw(zero_points))
        form = (1, *kernel, made) if depthwise else (made, *kernel, depth)
        weights = random.integers(-127, 128, form).astype(np.int8)
        layer = uneven(weights, 3 if depthwise else 0, output)
        stride = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        outputs.append(
            net.conv(net.input, *layer, output, stride, (1, 1), padding, draw(activations), depthwise=depthwise)
        )
    flat = net.reshape(net.input, (1, int(np.prod(shape))))
    for channels in (2, 5):
        output = Scale(float32(0.1), draw(zero_points))
        weights = random.integers(-127, 128, (channels, net.shapes[flat][1])).astype(np.int8)
        weights, bias, scale = uneven(weights, 0, output)
        # What LiteRT makes of a product beyond 32 bits, this layer rounded once, is up to the machine it runs on.
        furthest = float((np.abs(bias.astype(np.int64)) + 255 * 128 * weights.shape[1]).max())
        most = 2.0**30 / furthest * output.scale / source.scale
        outputs.append(net.dense(flat, weights, bias, min(float(scale[0]), most), output, draw(activations)))
    return net.pack(*outputs)


def assert_fast(content: bytes, core: Target) -> None:
    functions = {call.function for call in compile_graph(parse_model(content), "model", core).program.calls}
    assert not [function for function in functions if not function.endswith(("_dsp", "_lanes", "_pie"))]


@pytest.mark.parametrize("core", SANITIZED)
def test_uneven_channels_sanitized_on_this_machine(core: Target) -> None:
    @settings(some, max_examples=8)
    @given(uneven_layers())
    def check(content: bytes) -> None:
        assert_fast(content, core)
        assert_engines_agree(content, rows=4, machine=host(core))

    check()


@pytest.mark.parametrize("core", CORES)
def test_uneven_channels_on_an_emulated_core(core: Target) -> None:
    chosen = machine(core)

    @settings(some, max_examples=2)
    @given(uneven_layers())
    def check(content: bytes) -> None:
        assert_engines_agree(content, machine=chosen)

    check()


@st.composite
def sums(draw: st.DrawFn) -> bytes:
    """ADD, SUB and MUL of two planes, or of a plane and a row, of more values than a table has entries."""
    net = Net((1, 12, 9, 5), Scale(float32(draw(st.sampled_from([0.05, 1.0, 0.003]))), draw(zero_points)))
    row = net.slice(net.input, [0, 0, 0, 0], [1, 1, 1, 5])
    other = net.quantize(net.input, Scale(float32(draw(st.sampled_from([0.05, 0.02, 0.3]))), draw(zero_points)))
    outputs = []
    for kind in ("ADD", "SUB", "MUL"):
        for a, b in ((net.input, other), (other, row), (net.input, net.input)):
            output = Scale(float32(10 ** draw(st.floats(-3.0, 1.0))), draw(zero_points))
            outputs.append(net.binary(kind, a, b, output, activation=draw(activations)))
    return net.pack(*outputs)


@pytest.mark.parametrize("core", SANITIZED)
def test_sums(core: Target) -> None:
    functions: list[str] = []

    @some
    @given(sums())
    def check(content: bytes) -> None:
        functions.extend(call.function for call in compile_graph(parse_model(content), "model", core).program.calls)
        assert_engines_agree(content, machine=host(core))

    check()
    for function in ("ww_add", "ww_mul"):  # products of a half and more are not rescaled in a few instructions
        assert functions.count(f"{function}_{SUFFIXES_OF_SUMS[core]}") >= functions.count(function)


def network(channels: int = 12) -> bytes:
    """A keyword-spotting network in small: every fast kernel, one after the other."""
    random = np.random.default_rng(3)
    net = Net((1, 13, 5, 1), Scale(float32(0.1), -7))
    x, middle = net.input, Scale(float32(0.2), -128)
    scale = np.full(channels, 0.01, np.float32)

    def weights(*shape: int) -> np.ndarray:
        return random.integers(-127, 128, shape, np.int8)

    bias = random.integers(-5000, 5000, channels, np.int32)
    x = net.conv(x, weights(channels, 4, 3, 1), bias, scale, middle, (2, 1), (1, 1), SAME, RELU)
    for padding in (SAME, VALID):
        x = net.conv(x, weights(1, 3, 3, channels), bias, scale, middle, (1, 1), (1, 1), padding, RELU6, depthwise=True)
        x = net.conv(x, weights(channels, 1, 1, channels), bias, scale, middle, activation=RELU)
    x = net.pool(x, net.shapes[x][1:3], (1, 1), VALID, NONE)
    y = net.dense(net.reshape(x, (1, channels)), weights(3, channels), None, 0.01, Scale(float32(0.3), 4))
    return net.pack(y)


def uneven_network() -> bytes:
    """The kernels for channels of any kind, one after the other, and of outputs more than inputs."""
    random = np.random.default_rng(4)
    net = Net((1, 9, 5, 6), Scale(float32(0.1), -7))
    x, middle = net.input, Scale(float32(0.2), -128)
    for kernel, channels, depthwise in ((3, 9, False), (3, 18, True), (1, 9, False)):
        shape = (1, kernel, kernel, channels) if depthwise else (channels, kernel, kernel, net.shapes[x][3])
        weights, bias = random.integers(-127, 128, shape, np.int8), random.integers(-5000, 5000, channels, np.int32)
        scale = np.full(channels, 0.01, np.float32)
        scale[2], bias[4] = 8.0, 2**30
        x = net.conv(x, weights, bias, scale, middle, padding=SAME, activation=RELU, depthwise=depthwise)
    flat = net.reshape(x, (1, 9 * 5 * 9))
    weights = random.integers(-128, 128, (5, 9 * 5 * 9), np.int8)
    weights[1] = -128
    return net.pack(net.dense(flat, weights, np.asarray([0, 0, 2**29, 0, 0], np.int32), 0.01, Scale(float32(0.01), 4)))


@pytest.mark.parametrize("core", [core for core in CORES if core != "xtensa-pie"])
def test_the_fast_kernels_are_chosen(core: Target) -> None:
    graph = parse_model(network())
    functions = {call.function for call in compile_graph(graph, "model", core).program.calls}
    suffix = SUFFIXES[core]
    assert functions == {
        f"ww_conv_2d_{suffix}", f"ww_depthwise_conv_2d_{suffix}", f"ww_dense_{suffix}", "ww_average_pool_2d",
    }  # fmt: skip
    functions = {call.function for call in compile_graph(parse_model(uneven_network()), "model", core).program.calls}
    assert functions == {f"ww_{name}_any_{suffix}" for name in ("conv_2d", "depthwise_conv_2d", "dense")}
    small = {call.function for call in compile_graph(graph, "model", core, "size").program.calls}
    assert not any(function.endswith(suffix) for function in small)


def test_the_vector_unit_is_used_where_it_can() -> None:
    def functions(content: bytes) -> set[str]:
        return {call.function for call in compile_graph(parse_model(content), "model", "xtensa-pie").program.calls}

    assert functions(network()) == {
        "ww_conv_2d_pie", "ww_dense_pie", "ww_average_pool_2d",
        "ww_depthwise_conv_2d_pie", "ww_depthwise_conv_2d_lanes",  # without padding, and with it
    }  # fmt: skip
    assert functions(uneven_network()) == {"ww_conv_2d_pie", "ww_dense_pie", "ww_depthwise_conv_2d_any_lanes"}


@pytest.mark.parametrize("channels", [1, 3, 4, 12])
@pytest.mark.parametrize("core", CORES)
def test_a_network_on_an_emulated_core(core: Target, channels: int) -> None:
    assert_engines_agree(network(channels), machine=machine(core))


@pytest.mark.parametrize("core", [*CORES, "sanitized"])
def test_windows_of_streaming_models(core: Target) -> None:
    """Depthwise convolutions over time, of as many taps as such models have, with and without a ReLU."""
    random = np.random.default_rng(5)
    channels = 7
    net = Net((1, 24, 1, channels), Scale(float32(0.1), -128))
    scale, outputs = (0.01 * 3.0 ** random.uniform(-1, 1, channels)).astype(np.float32), []
    for taps in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 21, 24):
        weights = random.integers(-127, 128, (1, taps, 1, channels), np.int8)
        bias = random.integers(-5000, 5000, channels, np.int32)
        for output, activation in ((Scale(float32(0.4), -128), RELU), (Scale(float32(0.3), 5), NONE)):
            outputs.append(net.conv(net.input, weights, bias, scale, output, activation=activation, depthwise=True))
    content = net.pack(*outputs)
    if core == "sanitized":
        for target in SANITIZED:
            assert_engines_agree(content, rows=10, machine=host(target))
    else:
        calls = compile_graph(parse_model(content), "model", core).program.calls
        assert {call.function for call in calls} == {f"ww_depthwise_conv_2d_{SUFFIXES[core]}"}
        assert_engines_agree(content, rows=40, machine=machine(core))


@pytest.mark.parametrize("shape", [(1, 5, 5, 7), (1, 4, 1, 4), (1, 9, 2, 5), (1, 6, 3, 12)])
@pytest.mark.parametrize("core", CORES)
def test_windows_of_three_by_three(core: Target, shape: tuple[int, int, int, int]) -> None:
    """Whole ones, and ones that are clipped at every edge."""
    random = np.random.default_rng(6)
    net, channels, outputs = Net(shape, Scale(float32(0.1), -100)), shape[3], []
    scale = (0.01 * 3.0 ** random.uniform(-1, 1, channels)).astype(np.float32)
    for stride, dilation in (((1, 1), (1, 1)), ((2, 1), (1, 1)), ((1, 2), (1, 1)), ((1, 1), (2, 1)), ((1, 1), (1, 3))):
        weights, bias = random.integers(-127, 128, (1, 3, 3, channels), np.int8), random.integers(-5000, 5000, channels)
        for output, activation in ((Scale(float32(0.4), -128), RELU), (Scale(float32(0.3), 5), NONE)):
            layer = weights, bias.astype(np.int32), scale, output, stride, dilation, SAME, activation
            outputs.append(net.conv(net.input, *layer, depthwise=True))
    assert_engines_agree(net.pack(*outputs), rows=10, machine=machine(core))


@pytest.mark.parametrize("core", CORES)
def test_every_kernel_on_an_emulated_core(core: Target) -> None:
    # Debian's C library for Xtensa cannot compute with floats.
    assert_engines_agree(everything(floats=not core.startswith("xtensa")), rows=20, machine=machine(core))


@pytest.mark.parametrize("flag", ["-O0", "-O1", "-O3", "-Os", "-fno-omit-frame-pointer"])
@pytest.mark.parametrize("core", CORES)
def test_the_assembly_fits_every_way_to_optimize(core: Target, flag: str) -> None:
    """Without a frame pointer, with one, and with the upper registers left alone as GCC does for size."""
    for content in (network(5), uneven_network()):
        rows = random_rows(parse_model(content), 3)
        assert first_difference(compare(content, rows, ("-O2", flag), machine(core))) is None


@pytest.mark.parametrize("optimize", ["-O0", "-O2", "-Os"])
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus"])
def test_clang_compiles_the_assembly(core: Target, optimize: str, tmp_path: Path) -> None:
    sysroot = shutil.which("clang") and Path("/usr/include/newlib")
    if not sysroot or not sysroot.is_dir():
        pytest.skip("clang or newlib is not installed")
    sources = [path for path in kernel_dir().glob("*.c") if path.stem.endswith(SUFFIXES[core])]
    assert sources
    for source in sources:
        command: list[str | Path] = [
            "clang",
            "--target=arm-none-eabi",
            f"-mcpu={core}",
            "-mthumb",
            optimize,
            *WARNINGS,
            "-isystem",
            sysroot,
        ]
        subprocess.run([*command, "-c", source, "-o", tmp_path / "kernel.o"], check=True)


@pytest.mark.parametrize("core", CORES)
def test_which_kernels_take_which_channels(core: Target) -> None:
    """Few instructions suffice for most; a layer that others are in, or many constants, goes another way."""
    net = Net((1, 4), Scale(1.0, 0))
    weights, none = np.full((9, 4), 100, np.int8), np.zeros(9, np.int32)
    lowest, between, dead = np.full((9, 4), -128, np.int8), np.full((9, 4), -128, np.int8), weights.copy()
    between[:, ::2] = 1
    dead[3] = 0
    lanes, lone = core != "cortex-m4", np.full((9, 4), 100, np.int8)
    lone[::2] = -128
    layers: list[tuple[np.ndarray, np.ndarray, float, Scale, bool]] = [
        (weights, none, 0.01, Scale(1.0, 0), True),
        (weights, none, 0.5, Scale(0.75, 0), False),  # a multiplier of a half and more
        (weights, none + 5 * 10**8, 1e-9, Scale(1.0, 0), lanes),  # 0 or 1; too large a sum beside another
        (weights, none + 5 * 10**8, 1e-9, Scale(1.0, -128), False),  # -128 or -127
        (weights, none + 2**30, 0.001, Scale(1.0, 0), False),  # always 127
        (weights, none + 2**30, 1e-7, Scale(1.0, 0), False),  # always 107
        (0 * weights, none + 2**20, 100.0, Scale(1.0, 0), False),  # always 127
        (dead, none, 0.01, Scale(1.0, 0), True),  # one in nine
        (weights, none + 2**22 - 60_000, 1e-5, Scale(1.0, 0), True),
        (weights, none + 2**22 - 50_000, 1e-5, Scale(1.0, 0), lanes),
        (lowest, none, 0.01, Scale(1.0, 0), False),
        (between, none, 0.01, Scale(1.0, 0), lanes),  # never two of them in a word
        (lone, none, 0.01, Scale(1.0, 0), not lanes),  # never two of them in a half-word
    ]
    content = net.pack(*(net.dense(net.input, *layer[:4]) for layer in layers))
    calls = compile_graph(parse_model(content), "model", core).program.calls
    suffix = SUFFIXES[core]  # the vector unit's kernel takes all of them
    names = {True: f"ww_dense_{suffix}", False: "ww_dense_pie" if suffix == "pie" else f"ww_dense_any_{suffix}"}
    assert [call.function for call in calls] == [names[layer[4]] for layer in layers]
    assert_engines_agree(content, machine=host(core))


@pytest.mark.parametrize("core", SANITIZED)
def test_the_price_of_a_few_channels(core: Target) -> None:
    """Instructions with some channels out of the ordinary, against those of the same layer without them."""
    chosen = machine(core)
    random = np.random.default_rng(0)

    def instructions(change: Callable[[np.ndarray, np.ndarray, np.ndarray], None], depthwise: bool, kernel: int) -> int:
        net = Net((1, 6, 6, 32), Scale(0.1, -5))
        shape = (1, kernel, kernel, 32) if depthwise else (32, kernel, kernel, 32)
        weights = random.integers(-127, 128, shape).astype(np.int8)
        bias, scale = np.zeros(32, np.int32), np.full(32, 0.01, np.float32)
        change(weights.transpose(3, 1, 2, 0) if depthwise else weights, bias, scale)
        content = net.pack(net.conv(net.input, weights, bias, scale, Scale(0.25, -3), depthwise=depthwise))
        model = compile_graph(parse_model(content), "model", core)
        return count_instructions(model, chosen, random_rows(model.program.graph, 1))[0]

    def usual(weights: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> None:
        pass

    def large(weights: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> None:
        scale[7] = 3.0

    def dead(weights: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> None:
        weights[::2], bias[::2], scale[::2] = 0, 2**30, 1e-9

    for depthwise, kernel in ((False, 1), (False, 3), (True, 3)):
        before = instructions(usual, depthwise, kernel)
        assert instructions(large, depthwise, kernel) < 1.4 * before
        # Sums are the lesser part of what a channel costs the vector unit, so it does not leave out dead ones.
        assert instructions(dead, depthwise, kernel) < (1.01 if depthwise or core == "xtensa-pie" else 0.7) * before
