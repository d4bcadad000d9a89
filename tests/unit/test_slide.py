"""ww_slide moves windows of any size and alignment, on this machine and on emulated cores."""

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

#include "ww_kernels_packed.h"

static int32_t words[64];

int main(void)
{
    int32_t result[2] = {0, 0}; /* moves, and bytes that are wrong */
    int8_t *const bytes = (int8_t *)words;
    for (int32_t start = 0; start < 5; start++) {
        for (int32_t oldest = 1; oldest < 50; oldest++) {
            for (int32_t others = 0; others < 180; others++) {
                for (int32_t i = 0; i < 256; i++) {
                    bytes[i] = (int8_t)(i - 128);
                }
                ww_slide(bytes + start, (size_t)oldest, (size_t)others);
                for (int32_t i = 0; i < 256; i++) {
                    const int32_t from = i >= start && i < start + others ? i + oldest : i;
                    result[1] += bytes[i] != (int8_t)(from - 128);
                }
                result[0]++;
            }
        }
    }
    fwrite(result, sizeof result, 1, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
"""


@pytest.mark.parametrize("core", ["host", "cortex-m4", "cortex-m0plus"])
def test_windows_of_any_size(core: Target, tmp_path: Path) -> None:
    machine = host() if core == "host" else emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or its emulator is not installed")
    sources = [tmp_path / "harness.c", kernel_dir() / "ww_slide.c"]
    sources[0].write_text(HARNESS)
    flags = SANITIZED if core == "host" else ("-O2",)
    machine.compile(sources, tmp_path / "harness", (*flags, f"-I{kernel_dir()}"))
    assert np.frombuffer(machine.run(tmp_path / "harness", b""), np.int32).tolist() == [5 * 49 * 180, 0]
