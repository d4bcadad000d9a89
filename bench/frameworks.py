"""The same model as generated C and in TFLM's interpreter: RAM, and outputs that are not the same bytes.

    python bench/frameworks.py [MODEL.tflite ...]

Without a model, those of the zoo with random weights and those that pymicro-wakeword ships. `C` is the RAM of the
generated C for an ESP32-S3 (arena and state); `TFLM` is the arena that TFLM needs there, and `this host` what it needs
here. The outputs are those of speech and noise that a synthesiser makes; `differ` counts those that are not equal,
`most` is the largest difference in steps of 1/256.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click
import numpy as np

from wwtool.budget.dry_build import random_tflite
from wwtool.data import espeak
from wwtool.engines.registry import ENGINES
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.zoo import ZOO
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model
from wwtool.tflm.arena import ESPHOME_ESP32S3, PYTHON, predict

ROW = "{:<16}{:>8}{:>8}{:>11}{:>9}{:>8}{:>6}"
WORDS = ("hey computer", "okay nabu", "alexa", "hey jarvis", "hey mycroft", "good morning", "what time is it")
VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb+m3")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    frames = DEFAULT_FRONT_END.quantized([audio()])
    print(ROW.format("model", "C", "TFLM", "this host", "outputs", "differ", "most"))
    if not paths:
        for name, architecture in ZOO.items():
            show(name, random_tflite(architecture, name), frames)
    for path in paths or published():
        show(path.stem, path.read_bytes(), frames)


def audio() -> np.ndarray:
    """Speech, then noise of changing level; 16 kHz, int16."""
    clips = [espeak.say(word, voice, words_per_minute=140) for word in WORDS for voice in VOICES]
    random = np.random.default_rng(0)
    level = np.repeat(10.0 ** random.uniform(0.5, 4.0, 60), 8000)
    return np.concatenate([*clips, np.clip(random.normal(0, level), -32768, 32767)]).astype(np.int16)


def published() -> list[Path]:
    spec = importlib.util.find_spec("pymicro_wakeword")
    return sorted((Path(spec.origin).parent / "models").glob("*.tflite")) if spec and spec.origin else []


def show(name: str, content: bytes, frames: np.ndarray) -> None:
    model = compile_for(load_platform("esp32s3"), parse_model(content, name), name)
    rows = [frames[: len(frames) // model.input_frames * model.input_frames].reshape(-1, model.input_frames, 40)]
    ours, theirs = (ENGINES[name](content, rows)[0].astype(int).ravel() for name in ("c", "tflm"))
    difference = np.abs(ours - theirs)
    figures = (
        model.memory.arena_bytes + model.memory.state_bytes,
        predict(content, ESPHOME_ESP32S3).needed,
        predict(content, PYTHON).needed,
        len(ours),
        int((difference > 0).sum()),
        int(difference.max()),
    )
    print(ROW.format(name, *(f"{figure:,}" for figure in figures)), flush=True)


if __name__ == "__main__":
    main()
