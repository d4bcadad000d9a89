"""How the fast kernels bring accumulators to int8, against the portable ones' rules: extremes, ties, random numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import SANITIZED

from wwtool.compiler.package import kernel_dir
from wwtool.compiler.targets import Target
from wwtool.engines.machines import emulated, host

HARNESS = """
#include <stdio.h>

#include "ww_dot_joint_dsp.h"
#include "ww_lanes.h"
#include "ww_requantize.h"

static int8_t at_least(int8_t output, int32_t low)
{
    return (int8_t)(output < low ? low : output);
}

/* How many of two rows of two channels, both with this accumulator, are not `expected` after an activation that begins
 * at the zero point. */
static int wrong_upwards(const int32_t n[5], int8_t expected)
{
    const uint32_t mantissa = (uint32_t)n[1];
    const uint32_t rounding = (uint32_t)n[2];
    const uint32_t shift = (uint32_t)n[3];
    const uint32_t scales[6] = {mantissa, mantissa, rounding, 256 * rounding + 128, shift, shift + 8};
    const uint32_t doubled = 2 * (uint32_t)n[0];
    const struct ww_joint_sums sums = {(int32_t)(257 * doubled), (int32_t)doubled};
    const struct ww_joint_sums both[2] = {sums, sums};
    int8_t outputs[6];
    int wrong = ww_rescale_one_row(scales, &sums, outputs) != scales + 6;
    wrong += ww_rescale_two_rows(scales, both, outputs + 2, outputs + 4) != scales + 6;
    for (int i = 0; i < 6; i++) {
        wrong += at_least(outputs[i], n[4]) != at_least(expected, n[4]);
    }
    return wrong;
}

/* accumulator, mantissa, rounding, right shift, zero point */
int main(void)
{
    int32_t n[5];
    int32_t result[3] = {0, 0, 0}; /* rows, how many results of them are wrong, and rows for joint sums */
    while (fread(n, sizeof n, 1, stdin) == 1) {
        result[0]++;
        const uint32_t mantissa = (uint32_t)n[1];
        const int8_t shift = (int8_t)-n[3];
        const struct ww_requantize to = {NULL, &n[1], &shift, (int16_t)n[4], -128, 127};
        const int8_t twice = ww_requantize_twice(&to, 0, n[0]);
        const int8_t once = ww_requantize_once(&to, 0, n[0]);
        result[1] += ww_scale_doubled(2 * n[0], mantissa, (uint32_t)n[2], (uint32_t)n[3]) != twice;
        result[1] += ww_scale_doubled_once(2 * n[0], mantissa, (uint32_t)n[2], (uint32_t)n[3]) != once;
        if (n[0] < 1 << 22 && n[0] > -(1 << 22) && n[2] < (1 << 22) - 1 && n[2] > -(1 << 22) + 1) {
            result[2]++;
            result[1] += wrong_upwards(n, twice);
        }
        if (n[0] < 1 << 29 && n[0] > -(1 << 29)) {
            result[1] += ww_scale_by_halves(n[0], &mantissa, (uint32_t)n[2], (uint32_t)n[3], 0) != twice;
            result[1] += ww_scale_by_halves(n[0], &mantissa, (uint32_t)n[2], (uint32_t)n[3], 1) != once;
        }
    }
    fwrite(result, sizeof result, 1, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
"""


def numbers(count: int) -> np.ndarray:
    """(count, 5): accumulators at the limits, around ties and anywhere; mantissas of powers of two and next to them."""
    random = np.random.default_rng(0)

    def some(*values: int) -> np.ndarray:
        return random.choice(values, count)

    shift = random.integers(1, 32, count)
    zero_point = np.where(random.random(count) < 0.5, some(-128, 127), random.integers(-128, 128, count))
    # A rounding fits 32 bits.
    zero_point = np.clip(zero_point, -(2**30 >> (shift - 1)), (2**30 >> (shift - 1)) - 1)
    special = some(2**30, 2**30 + 1, 2**31 - 1, 2**31 - 2, 3 << 29, 2**30 + 2**16)
    mantissa = np.where(random.random(count) < 0.7, special, random.integers(2**30, 2**31, count))
    near = random.integers(-4, 5, count)
    limits = some(2**30 - 5, -(2**30) + 5, 2**29, -(2**29), 2**15, -(2**15), 2**16, 0) + near
    # Halves of the output's last place, if the mantissa is 2^30.
    halves = np.clip((2 * random.integers(-300, 300, count) + 1) << shift, -(2**30) + 9, 2**30 - 9) + near // 3
    anywhere = random.integers(-(2**30) + 1, 2**30, count) >> random.integers(0, 24, count)
    accumulator = np.choose(random.integers(0, 3, count), [limits, halves, anywhere])
    rounding = (2 * zero_point + 1) << (shift - 1)  # as in compiler/kernels/rescaling.py
    # So does what it is added to.
    room = (((2**31 - 3 - np.abs(rounding)) << 31) // mantissa).clip(0, 2**30)
    accumulator = np.clip(accumulator, -room, room)
    return np.stack([accumulator, mantissa, rounding, shift, zero_point], axis=1).astype(np.int32)


@pytest.mark.parametrize("core", ["host", "cortex-m4", "cortex-m0plus"])
def test_every_rule(core: Target, tmp_path: Path) -> None:
    machine = host() if core == "host" else emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or its emulator is not installed")
    (tmp_path / "harness.c").write_text(HARNESS)
    flags = SANITIZED if core == "host" else ("-O2",)
    machine.compile([tmp_path / "harness.c"], tmp_path / "harness", (*flags, f"-I{kernel_dir()}"))
    rows = numbers(400_000 if core == "host" else 30_000)
    count, wrong, joint = np.frombuffer(machine.run(tmp_path / "harness", rows.tobytes()), np.int32)
    assert (count, wrong) == (len(rows), 0) and joint > 0.2 * len(rows)
