"""The same model as generated C and in TFLM's interpreter: outputs that are not the same bytes, and what each takes.

    python bench/frameworks.py [MODEL.tflite ...]

Without a model, those of the zoo with random weights and those that pymicro-wakeword ships.

The first table: `C` is the RAM of the generated C for an ESP32-S3 (arena and state); `TFLM` is the arena that TFLM
needs there, and `this host` what it needs here. The outputs are those of synthetic speech, of noise and of silence.
`differ` counts those of TFLM that are not the generated C's, `most` is the largest difference in steps of 1/256.
`desktop` and its `most` tell the same of LiteRT's optimized kernels, which ESPHome's desktop runtime has.

The second table, for an ESP32-S3: flash, RAM of the model, RAM of all that listens, and instructions of a hop of 10 ms
(front end, model, detector) in the mean over speech, counted by QEMU. `bare metal` is the library as wwtool builds it
(-O2), and `whole image` the firmware around it. `component` is the same library as ESPHome builds it (-Os), with the
audio buffer and the stack of the external component; its C++ is not counted. `tflm` is ESPHome's own component: the
.tflite without code, arenas, audio buffer and stack without the front end. The rest cannot be built and run here.

The third: instructions of an inference, and code without weights, on Arm cores beside TFLM with CMSIS-NN (see
instructions.py).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import cast

import click
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from instructions import ROWS, TFLM

from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.budget.dry_build import cost_of_compiled, random_tflite
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target
from wwtool.data import espeak
from wwtool.engines.machines import Machine, emulated
from wwtool.engines.measure import code_sizes
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.engines.registry import ENGINES
from wwtool.evaluation.detector import DetectorConfig
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.zoo import ZOO
from wwtool.packages.compiling import compile_for
from wwtool.packages.library import write_library
from wwtool.packages.package_format import Content
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model
from wwtool.tflm.arena import ESPHOME_ESP32S3, PYTHON, predict

PLATFORM = load_platform("esp32s3")
HOP = Path(__file__).with_name("frameworks_hop.c")
HOPS = 1000
# Audio buffer and stack of the component (micro_wake_word.cpp), and those of ESPHome 2026.6.5.
COMPONENT_RAM, ESPHOME_RAM = 3840 + 4096, 3840 + 3072
TFLM_VARIABLES = 1024  # STREAMING_MODEL_VARIABLE_ARENA_SIZE of esphome/components/micro_wake_word/streaming_model.h
NOT_MEASURED = "not measured"
ROW = "{:<16}{:>8}{:>8}{:>11}{:>9}{:>8}{:>6}{:>9}{:>6}"
WORDS = ("hey computer", "okay nabu", "alexa", "hey jarvis", "hey mycroft", "good morning", "what time is it")
VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb+m3")


COST = "{:<16}{:<13}{:>9}{:>9}{:>9}{:>14}"
INFERENCE = "{:<16}{:<15}{:>9}{:>9}{:>14}{:>9}{:>14}"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    sound = audio()
    frames = DEFAULT_FRONT_END.quantized([sound])
    models = {} if paths else {name: random_tflite(architecture, name) for name, architecture in ZOO.items()}
    models |= {path.stem: path.read_bytes() for path in paths or published()}
    print(ROW.format("model", "C", "TFLM", "this host", "outputs", "differ", "most", "desktop", "most"))
    for name, content in models.items():
        show(name, content, frames)
    print("\n" + COST.format("model", "program", "flash", "its RAM", "RAM", "instructions"))
    for name, content in models.items():
        show_cost(name, content, sound)
    print("\n" + INFERENCE.format("model", "core", "C, -O2", "C, -Os", "TFLM", "C code", "TFLM code"))
    for name, content in models.items():
        show_inference(name, content)


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
    memory = compile_for(PLATFORM, parse_model(content, name), name).memory
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


def show_cost(name: str, content: bytes, sound: np.ndarray) -> None:
    """What the model takes as bare metal, in the component and in TFLM, for an ESP32-S3."""
    compiled = compile_for(PLATFORM, parse_model(content, name), name)
    package = Content(PLATFORM, compiled, content, "hey computer", DetectorConfig(), name)
    own = compiled.memory.arena_bytes + compiled.memory.state_bytes
    with TemporaryFolder("image") as folder:
        sizes = cost_of_compiled(PLATFORM, name, compiled, "hey computer", folder).sizes
    flash, ram, count = library_cost(package, "-O2", sound)
    row(name, "bare metal", flash, own, ram, count)
    row(name, "whole image", sizes.flash, own, sizes.ram - sizes.resident_ram, count)
    flash, ram, count = library_cost(package, "-Os", sound)
    row(name, "component", flash, own, ram + COMPONENT_RAM, count)
    arenas = predict(content, ESPHOME_ESP32S3).needed + TFLM_VARIABLES
    row(name, "tflm", len(content), arenas, arenas + ESPHOME_RAM, None)


def row(name: str, program: str, flash: int, own: int, ram: int, count: int | None) -> None:
    print(COST.format(name, program, f"{flash:,}", f"{own:,}", f"{ram:,}", shown(count)), flush=True)


def shown(figure: int | None) -> str:
    return NOT_MEASURED if figure is None else f"{figure:,}"


def library_cost(package: Content, flag: str, sound: np.ndarray) -> tuple[int, int, int]:
    """Flash, static RAM and instructions of a hop of the library, compiled with ``flag``."""
    machine = emulated(cast(Target, PLATFORM.core.target))
    with TemporaryFolder("hop") as folder:
        sources = [folder / name for name in write_library(folder, package)]
        flags = (flag, "-fdata-sections", f"-I{folder}")
        machine.compile([HOP], folder / "empty", flags)
        machine.compile([HOP, *sources], folder / "listens", (*flags, "-DLISTEN"))
        (text, data, bss), without = (sections(machine, folder / name) for name in ("listens", "empty"))
        pcm = sound[: HOPS * DEFAULT_FRONT_END.geometry.step_samples]
        ticks = int(np.frombuffer(machine.run(folder / "listens", pcm.tobytes()), "<u4")[0])
    ram = data + bss - without[1] - without[2]
    return text + data - without[0] - without[1], ram, ticks * machine.instructions_a_tick // HOPS


def sections(machine: Machine, program: Path) -> tuple[int, int, int]:
    """Bytes of code with constants, of initialised data and of zeroed data."""
    size = machine.compiler.removesuffix("gcc") + "size"
    text, data, bss = run_program([size, str(program)]).stdout.splitlines()[1].split()[:3]
    return int(text), int(data), int(bss)


def show_inference(name: str, content: bytes) -> None:
    """An inference on Arm cores, where TFLM has been measured for some models."""
    graph, theirs = parse_model(content, name), TFLM.get(name, ("", {}))[1]
    cores: tuple[Target, ...] = ("cortex-m4", "cortex-m0plus")
    for core in cores:
        compiled, machine, rows = compile_graph(graph, name, core), emulated(core), random_rows(graph, ROWS)
        fast, small = (sum(count_instructions(compiled, machine, rows, flag=flag)) for flag in ("-O2", "-Os"))
        code = sum(size.nbytes for size in code_sizes(compiled, machine))
        instructions, theirs_code, _ = theirs.get(core, (None, None, None))
        figures = (fast, small, instructions, code, theirs_code)
        print(INFERENCE.format(name, core, *(shown(figure) for figure in figures)), flush=True)


if __name__ == "__main__":
    main()
