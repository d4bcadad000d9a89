"""The same model as generated C and in TFLM's interpreter: RAM, and outputs that are not the same bytes.

    python bench/frameworks.py [MODEL.tflite ...]

Without a model, those of the zoo with random weights and those that pymicro-wakeword ships. `C` is the RAM of the
generated C for an ESP32-S3 (arena and state); `TFLM` is the arena that TFLM needs there, and `this host` what it needs
here. The outputs are those of synthetic speech, of noise and of silence. `differ` counts those of TFLM that are not
the generated C's, `most` is the largest difference in steps of 1/256. `desktop` and its `most` tell the same of
LiteRT's optimized kernels, which ESPHome's desktop runtime has.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from wwtool.budget.dry_build import random_tflite
from wwtool.data import espeak
from wwtool.engines.registry import ENGINES
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.zoo import ZOO
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model
from wwtool.tflm.arena import ESPHOME_ESP32S3, PYTHON, predict

ROW = "{:<16}{:>8}{:>8}{:>11}{:>9}{:>8}{:>6}{:>9}{:>6}"
WORDS = ("hey computer", "okay nabu", "alexa", "hey jarvis", "hey mycroft", "good morning", "what time is it")
VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb+m3")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    frames = DEFAULT_FRONT_END.quantized([audio()])
    print(ROW.format("model", "C", "TFLM", "this host", "outputs", "differ", "most", "desktop", "most"))
    if not paths:
        for name, architecture in ZOO.items():
            show(name, random_tflite(architecture, name), frames)
    for path in paths or published():
        show(path.stem, path.read_bytes(), frames)


def audio() -> np.ndarray:
    """Speech with pauses, noise of changing level, and silence; 16 kHz, int16."""
    pause = np.zeros(12_000, np.int16)
    clips = [espeak.say(word, voice, words_per_minute=140) for word in WORDS for voice in VOICES]
    random = np.random.default_rng(0)
    level = np.repeat(10.0 ** random.uniform(0.5, 4.0, 40), 4000)
    noise = np.clip(random.normal(0, level), -32768, 32767)
    return np.concatenate([*(part for clip in clips for part in (clip, pause)), noise, pause]).astype(np.int16)


def published() -> list[Path]:
    spec = importlib.util.find_spec("pymicro_wakeword")
    return sorted((Path(spec.origin).parent / "models").glob("*.tflite")) if spec and spec.origin else []


def rows_of(content: bytes, frames: np.ndarray) -> np.ndarray:
    """Feature frames as the rows of a model's input: (rows, stride, channels)."""
    graph = parse_model(content)
    stride = graph.tensor(graph.inputs[0]).shape[1]
    return frames[: len(frames) // stride * stride].reshape(-1, stride, frames.shape[1])


def optimized(content: bytes, rows: np.ndarray) -> np.ndarray:
    """The outputs of LiteRT's optimized kernels."""
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    outputs = []
    for row in rows:
        interpreter.set_tensor(source, row[None])
        interpreter.invoke()
        outputs.append(int(interpreter.get_tensor(result).item()))
    return np.array(outputs)


def show(name: str, content: bytes, frames: np.ndarray) -> None:
    memory = compile_for(load_platform("esp32s3"), parse_model(content, name), name).memory
    rows = rows_of(content, frames)
    ours, theirs = (ENGINES[engine](content, [rows])[0].astype(int).ravel() for engine in ("c", "tflm"))
    tflm, desktop = np.abs(theirs - ours), np.abs(optimized(content, rows) - ours)
    figures = (
        memory.arena_bytes + memory.state_bytes,
        predict(content, ESPHOME_ESP32S3).needed,
        predict(content, PYTHON).needed,
        len(ours),
        *(int(figure) for difference in (tflm, desktop) for figure in ((difference > 0).sum(), difference.max())),
    )
    print(ROW.format(name, *(f"{figure:,}" for figure in figures)), flush=True)


if __name__ == "__main__":
    main()
