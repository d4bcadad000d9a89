"""Writes frontend_golden.h: the features of test_frontend.c's signal, as pymicro-features computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wwtool.frontend.micro import MicroFrontEnd

SAMPLES = 8000


def signal() -> np.ndarray:
    """Noise from a 32-bit linear congruential generator, quieter by steps, then a full-scale square wave."""
    state = 1
    samples = []
    for i in range(SAMPLES):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = np.int16(np.uint16(state >> 16)) >> (i // 500)
        square = 32767 if i // 40 % 2 else -32768
        samples.append(noise if i < SAMPLES // 2 else square)
    return np.array(samples, np.int16)


def render() -> str:
    frames = MicroFrontEnd().features(signal())
    rows = "\n".join("    {" + ", ".join(map(str, frame)) + "}," for frame in frames.tolist())
    return (
        "/* Written by make_frontend_golden.py; do not edit. SPDX-License-Identifier: Apache-2.0 */\n"
        f"static const uint16_t golden_frames[{len(frames)}][40] = {{\n{rows}\n}};\n"
    )


if __name__ == "__main__":
    Path(__file__).with_name("frontend_golden.h").write_text(render(), encoding="utf-8", newline="\n")
