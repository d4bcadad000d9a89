"""Time and memory of the compiler over the size of the model: both should be linear.

    python bench/compile_scale.py [--target cortex-m0plus] [--sizes 1000,3000,10000] [--width 57]

A model of N operators is N / 2 dense layers of WIDTH inputs and outputs, each with a RELU behind it. With the defaults
the largest has 10,000 operators and 16 MB of weights: more than any microcontroller holds. Times are CPU seconds of
reading the file and writing C; memory is the peak of the process, which has 200 MB before it starts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import TARGETS, Target
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from graphs import Net

_ROW = "{:>10}{:>12}{:>9}{:>9}{:>16}{:>10}"


def network(operators: int, width: int) -> bytes:
    """A chain of dense layers and RELUs, as .tflite."""
    generator = np.random.default_rng(0)
    scale = Scale(0.5, 0)
    net = Net((1, width), scale)
    x = net.input
    for _ in range(operators // 2):
        weights = generator.integers(-127, 128, (width, width)).astype(np.int8)
        x = net.op("RELU", [net.dense(x, weights, None, 0.01, scale)], (1, width), scale)
    return net.pack(x)


def measure(operators: int, width: int, target: Target) -> None:
    content = network(operators, width)
    start = time.process_time()
    graph = parse_model(content)
    reading = time.process_time() - start
    compile_graph(graph, "model", target)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(_ROW.format(
        f"{operators:,}", f"{len(content) / 1e6:.1f}", f"{reading:.1f}", f"{seconds - reading:.1f}",
        f"{1000 * seconds / operators:.2f}", f"{peak:.0f}",
    ), flush=True)  # fmt: skip


def main(sizes: list[int], width: int, target: Target) -> None:
    print(_ROW.format("operators", "file, MB", "read, s", "C, s", "ms an operator", "peak, MB"))
    spawn = multiprocessing.get_context("spawn")
    for operators in sizes:
        process = spawn.Process(target=measure, args=(operators, width, target))
        process.start()
        process.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", choices=TARGETS, default="cortex-m0plus")
    parser.add_argument("--sizes", default="1000,3000,10000")
    parser.add_argument("--width", type=int, default=57)
    options = parser.parse_args()
    main([int(size) for size in options.sizes.split(",")], options.width, options.target)
