"""Kernels for the ESP32-S3's vector unit: the words of its instructions, and sums at the limits of its accumulators.

That they give LiteRT's bytes is in test_fast_kernels.py, as for the kernels of every core.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from graphs import RELU, Net, assert_engines_agree, float32
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.compiler.package import compile_graph, kernel_dir
from wwtool.engines.machines import emulated, host, picolibc
from wwtool.engines.native import NativeEngine
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

# What Espressif's assemblers make of instructions: LLVM's, and from "GNU" on, GNU's.
WORDS = """
ww_ee_zero_accx                         04 08 25
ww_ee_zero_qacc                         44 08 25
ww_ee_vld_128_ip 3, 14, 1248            e4 ce 93
ww_ee_vld_128_xp 5, 10, 12              a4 ac ad
ww_ee_ld_128_usar_xp 1, 9, 7            94 87 8d
ww_ee_src_q 6, 7, 5                     64 f3 ec
ww_ee_vmulas_s8_accx 1, 0               c4 01 1a
ww_ee_vmulas_s8_qacc 5, 7               c4 7d 1a
GNU
ww_ee_zero_accx                         04 08 25
ww_ee_vld_128_ip 2, 3, 2032             34 7f 93
ww_ee_vst_128_ip 2, 3, 2032             34 7f 9a
ww_ee_src_q 0, 1, 2                     04 13 dc
ww_ee_vmulas_s8_accx 0, 1               c4 08 1a
ww_ee_vmulas_s8_accx_ld_ip 0, 2, 16, 3, 4  2e e1 02 f0
"""
MOST_WEIGHTS = 4095  # of a channel, in magnitude: 4095 * 128 is below 2^19

needs_compiler = pytest.mark.skipif(not picolibc(), reason="the Xtensa compiler is missing")


@needs_compiler
def test_words_are_those_of_other_assemblers(tmp_path: Path) -> None:
    lines = [line.split("  ", 1) for line in WORDS.strip().splitlines() if "  " in line]
    code = "".join(f'    "{instruction}\\n"\n' for instruction, _ in lines)
    (tmp_path / "words.c").write_text(f'#include "ww_pie.h"\n__asm__(".section .words\\n"\n{code});\n')
    flags = ["-c", *picolibc(), "-mtext-section-literals", f"-I{kernel_dir()}"]
    subprocess.run(["xtensa-lx106-elf-gcc", *flags, "words.c", "-o", "words.o"], cwd=tmp_path, check=True)
    extract = ["xtensa-lx106-elf-objcopy", "-O", "binary", "-j", ".words", "--set-section-flags", ".words=alloc"]
    subprocess.run([*extract, "words.o", "words"], cwd=tmp_path, check=True)
    assert (tmp_path / "words").read_bytes() == bytes.fromhex(" ".join(word for _, word in lines))


def one_window(weights: np.ndarray, zero_point: int = 0) -> bytes:
    """A depthwise convolution over time of (taps, channels) weights, to one output for each channel."""
    taps, channels = weights.shape
    net = Net((1, taps, 1, channels), Scale(float32(0.05), zero_point))
    bias, scale = np.zeros(channels, np.int32), np.full(channels, 0.002, np.float32)
    output = Scale(float32(0.5), 3)
    y = net.conv(net.input, weights[None, :, None], bias, scale, output, activation=RELU, depthwise=True)
    return net.pack(y)


def weights_that_sum_to(total: int, taps: int, sign: int) -> np.ndarray:
    spread = np.full(taps, total // taps) + (np.arange(taps) < total % taps)
    return (sign * spread).astype(np.int8)


@pytest.mark.parametrize("core", ["sanitized", "xtensa-pie"])
def test_sums_at_the_limit_of_twenty_bits(core: str) -> None:
    """The greatest sums that a channel may have, of both signs, lane by lane; a channel beyond goes another way."""
    taps, channels = 40, 19
    weights = np.stack([weights_that_sum_to(MOST_WEIGHTS, taps, 1 - 2 * (c % 2)) for c in range(channels)], axis=1)
    content = one_window(weights)
    (call,) = compile_graph(parse_model(content), "model", "xtensa-pie").program.calls
    assert call.function == "ww_depthwise_conv_2d_pie"
    machine = host("xtensa-pie") if core == "sanitized" else emulated("xtensa-pie")
    if not machine.available:
        pytest.skip("the Xtensa compiler or QEMU is missing")
    rows = np.stack([np.full((taps, 1, channels), value, np.int8) for value in (-128, 127, 0, -1)])
    with NativeEngine(content) as usual, NativeEngine(content, machine=machine) as tested:
        np.testing.assert_array_equal(tested.run(rows), usual.run(rows))
    weights[np.argmin(np.abs(weights[:, 7])), 7] += 1 - 2 * (7 % 2)
    (call,) = compile_graph(parse_model(one_window(weights)), "model", "xtensa-pie").program.calls
    assert call.function == "ww_depthwise_conv_2d_lanes"


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 35), st.integers(1, 3), st.integers(0, 2**32))
def test_rows_of_any_length_and_place(depth: int, channels: int, rows: int, seed: int) -> None:
    """Rows that begin anywhere and end anywhere in a block, on the emulated core."""
    machine = emulated("xtensa-pie")
    if not machine.available:
        pytest.skip("the Xtensa compiler or QEMU is missing")
    random = np.random.default_rng(seed)
    net = Net((1, rows + 2, 1, depth), Scale(float32(0.05), int(random.integers(-128, 128))))
    part = net.slice(net.input, [0, 1, 0, 0], [1, rows + 1, 1, depth])
    weights = random.integers(-127, 128, (channels, 1, 1, depth), np.int8)
    bias = random.integers(-20_000, 20_001, channels, np.int32)
    scale, output = np.full(channels, 0.02, np.float32), Scale(float32(0.4), int(random.integers(-128, 128)))
    content = net.pack(net.conv(part, weights, bias, scale, output))
    functions = compile_graph(parse_model(content), "model", "xtensa-pie").program.functions
    assert "ww_dense_pie" in functions or "ww_conv_2d_pie" in functions
    assert_engines_agree(content, rows=3, machine=machine)
