"""Writes settings, tables and golden features of test_mel.c into a folder for each variant of the mel front end."""

from __future__ import annotations

from pathlib import Path

from make_frontend_golden import signal

from wwtool.config.frontend import MelSettings, MfccSettings, MfeConfig
from wwtool.frontend.mel import BandFrontEnd, MelFrontEnd, MfccFrontEnd
from wwtool.frontend.mfe import MfeFrontEnd

VARIANTS: dict[str, BandFrontEnd] = {
    "bands": MelFrontEnd(MelSettings(bands=24, window_ms=20)),
    "cepstrum": MfccFrontEnd(MfccSettings(bands=30, window_ms=40, step_ms=20, coefficients=12, deltas=True)),
    "filters": MfeFrontEnd(MfeConfig(bands=20, fft_length=128, noise_floor_db=-72)),
}
_AS_WRITTEN = "/* clang-format off */\n"


def files() -> dict[Path, str]:
    """Path to text of all files."""
    folder = Path(__file__).parent / "mel"
    texts = {}
    for name, front_end in VARIANTS.items():
        for file, text in front_end.c_settings().items():
            texts[folder / name / file] = _AS_WRITTEN + text
        texts[folder / name / "mel_golden.h"] = _AS_WRITTEN + _golden(front_end)
    return texts


def _golden(front_end: BandFrontEnd) -> str:
    frames = front_end.quantized([signal()])
    rows = "\n".join("    {" + ", ".join(map(str, frame)) + "}," for frame in frames.tolist())
    return (
        "/* Written by make_mel_golden.py; do not edit. SPDX-License-Identifier: Apache-2.0 */\n"
        f"enum {{ GOLDEN_STEP = {front_end.geometry.step_samples} }};\n"
        f"static const int8_t golden_frames[{len(frames)}][{frames.shape[1]}] = {{\n{rows}\n}};\n"
    )


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
