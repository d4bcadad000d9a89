"""What the generated C costs on emulated cores: instructions of an inference, code, memory, time to compile.

    python bench/instructions.py MODEL.tflite ... [--core cortex-m4] [--flag -Os] [--layers]

QEMU counts the instructions (`-icount`), which are the same on every machine. TFLM with CMSIS-NN (commit 90b983c2, GCC
12.2, release flags, int8 registrations only) cannot run here; its figures, counted in the same way, stand beside them
for the models that were measured. Code is text and read-only data of the model and its kernels, without weights and
tables.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from wwtool.compiler.package import COMPILER_FLAG, compile_graph
from wwtool.compiler.targets import Optimize, Target
from wwtool.engines.machines import emulated
from wwtool.engines.measure import code_sizes
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.tflite.reader import read_model

# By core: instructions, code and read-only data, arena.
KEYWORDS = {"cortex-m4": (7_697_608, 54_292, 22_820), "cortex-m0plus": (28_996_644, 59_504, 22_820)}
STREAMING = {"cortex-m4": (2_227_604, 51_756, 16_596), "cortex-m0plus": (9_548_480, 56_832, 15_300)}
ALEXA = {"cortex-m4": (171_184, 67_544, 18_500), "cortex-m0plus": (547_932, 74_292, 16_564)}
# By part of a file's name. MLPerf's streaming model has two names. ESPHome's other wake words have the architecture of
# microWakeWord's "alexa" and are compared with it.
TFLM = {
    "kws": ("keyword spotting", KEYWORDS),
    "str_ww": ("streaming wakeword", STREAMING),
    "strm_ww": ("streaming wakeword", STREAMING),
    "alexa": ("alexa", ALEXA),
    "esphome": ("alexa", ALEXA),
}
ROW = "{:<22}{:<15}{:<7}{:>10}{:>12}{:>7}{:>8}{:>9}{:>9}{:>8}{:>9}"
ROWS = 4  # inferences that are averaged


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--core", "cores", multiple=True, default=("cortex-m4", "cortex-m0plus", "xtensa"))
@click.option("--flag", default=COMPILER_FLAG, show_default=True, help="How the compiler optimizes; code stays at -O2.")
@click.option("--layers", is_flag=True, help="Also print the instructions of every kernel call.")
def main(paths: tuple[Path, ...], cores: tuple[Target, ...], flag: str, layers: bool) -> None:
    print(ROW.format("model", "core", "", "MACs", "instr.", "a MAC", "code", "weights", "arena", "state", "compile"))
    for path in paths:
        for core in cores:
            for optimize in ("speed", "size"):
                measure(path, core, optimize, flag, layers)
            for part, (model, figures) in TFLM.items():
                if part in path.name and core in figures:
                    instructions, code, arena = (f"{figure:,}" for figure in figures[core])
                    print(ROW.format(model, core, "TFLM", "", instructions, "", code, "", arena, "", ""))


def measure(path: Path, core: Target, optimize: Optimize, flag: str, layers: bool) -> None:
    graph = read_model(path)
    start = time.process_time()
    model = compile_graph(graph, path.stem, core, optimize)
    seconds = time.process_time() - start
    machine = emulated(core)
    counts = count_instructions(model, machine, random_rows(graph, ROWS), layers, flag)
    total, memory = sum(counts), model.memory
    code = sum(size.nbytes for size in code_sizes(model, machine))
    figures = (model.macs, total, f"{total / max(model.macs, 1):.2f}", code)
    sizes = (model.weight_bytes + model.table_bytes, memory.arena_bytes, memory.state_bytes)
    cells = [f"{value:,}" if isinstance(value, int) else value for value in (*figures, *sizes)]
    print(ROW.format(path.stem[:21], core, optimize, *cells, f"{seconds:.2f} s"))
    if layers:
        for call, count in zip(model.program.calls, counts, strict=False):
            print(f"    {call.function:<30}{call.macs:>12,}{count:>12,}{count / max(call.macs, 1):>7.2f}")


if __name__ == "__main__":
    main()
