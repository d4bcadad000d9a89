"""What ``wwtool hil`` sends to a board, kept in the build: a recording with the phrase in it, and real features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wwtool.base.files import write_array
from wwtool.compiler.package import CompiledModel
from wwtool.data.audio import Audio, write_audio
from wwtool.data.store import ClipStore
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

FOLDER = "hil"
RECORDING, FEATURES = "stream.wav", "real.npy"
_ROWS = 50
_PHRASES = 3
_LONGEST_PHRASE_S, _LONGEST_OTHER_S = 3, 2
_NOISE_STEPS = 8  # in units of an int16 sample: silence that is not digital
_LOUD = 8000  # in the same units
_SEED = 3


def write_vectors(folder: Path, clips: Path, compiled: CompiledModel) -> None:
    """Writes the recording, 16 kHz mono, and 50 inputs (rows, *input) of its features, from a run's ``clips``."""
    audio = _recording(clips)
    write_audio(folder / RECORDING, audio)
    frames = compiled.program.graph.front_end.quantized([audio])
    shape = compiled.program.graph.tensor(compiled.program.graph.inputs[0]).shape[1:]
    rows = frames[: len(frames) // shape[0] * shape[0]].reshape(-1, *shape)
    write_array(folder / FEATURES, rows[np.linspace(0, len(rows) - 1, _ROWS).astype(int)])


def _recording(clips: Path) -> Audio:
    """Phrases from the dev split with other speech between them, silence around each, and a faint noise over all.

    Where no voice can say the phrase, loud noise stands in for it.
    """
    rate = SAMPLE_RATE_HZ
    phrases = _store(clips, "positive") or _store(clips, "positive_synthetic") or [_noise()]
    others = _store(clips, "sentences") or _store(clips, "speech")
    pieces = [np.zeros(rate, np.int16)]
    for i in range(_PHRASES):
        pieces += [phrases[i % len(phrases)][: _LONGEST_PHRASE_S * rate], np.zeros(rate // 2, np.int16)]
        if others is not None:
            pieces += [others[i % len(others)][: _LONGEST_OTHER_S * rate], np.zeros(rate // 2, np.int16)]
    audio = np.concatenate(pieces)
    noise = np.random.default_rng(_SEED).integers(-_NOISE_STEPS, _NOISE_STEPS + 1, len(audio))
    return np.asarray(np.clip(audio + noise, -32768, 32767), np.int16)


def _noise() -> Audio:
    return np.random.default_rng(_SEED).integers(-_LOUD, _LOUD, SAMPLE_RATE_HZ, np.int16)


def _store(clips: Path, name: str) -> ClipStore | None:
    path = clips / "dev" / name
    return ClipStore(path) if path.with_name(f"{name}.bounds.npy").exists() else None
