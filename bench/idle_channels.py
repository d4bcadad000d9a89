"""What channels that carry nothing cost: a model with channels pruned, compiled with them and without.

    python bench/idle_channels.py MODEL.tflite ... [--share 0.25] [--core cortex-m4]

In every convolution but depthwise ones, the share of the output channels whose weights are least in sum are set to 0,
as pruning in training would leave them. The accuracy of such a model means nothing; its bytes are compared. QEMU counts
the instructions of an inference.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from wwtool.compiler.package import CompiledModel, compile_graph
from wwtool.compiler.targets import Target
from wwtool.engines.machines import emulated
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import read_model

ROW = "{:<22}{:<15}{:<10}{:>10}{:>12}{:>10}{:>9}{:>9}"
ROWS = 4  # inferences that are averaged


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--share", default=0.25, show_default=True, type=click.FloatRange(0, 1))
@click.option("--core", "cores", multiple=True, default=("cortex-m4", "cortex-m0plus", "xtensa"))
def main(paths: tuple[Path, ...], share: float, cores: tuple[Target, ...]) -> None:
    print(ROW.format("model", "core", "", "MACs", "instr.", "weights", "arena", "state"))
    for path in paths:
        graph = read_model(path)
        for core in cores:
            for what, variant in (("as it is", graph), (f"{share:.0%} less", pruned(graph, share))):
                model = compile_graph(variant, path.stem, core)
                rows = random_rows(variant, ROWS, 0)
                (instructions,) = count_instructions(model, emulated(core), rows)
                print(ROW.format(path.stem, core, what, *figures(model, instructions)), flush=True)


def figures(model: CompiledModel, instructions: int) -> list[str]:
    weights, memory = model.weight_bytes + model.table_bytes, model.memory
    return [f"{n:,}" for n in (model.macs, instructions, weights, memory.arena_bytes, memory.state_bytes)]


def pruned(graph: Graph, share: float) -> Graph:
    """The model with weights and biases of 0 in a share of the channels of every convolution."""
    tensors = list(graph.tensors)
    for op in graph.operators:
        weights = tensors[op.inputs[1]] if op.kind == "CONV_2D" else None
        if weights is None or weights.data is None:
            continue
        sums = np.abs(weights.data.astype(np.int64)).reshape(len(weights.data), -1).sum(axis=1)
        dead = np.argsort(sums)[: int(share * len(sums))]
        for index in op.inputs[1:]:
            data = None if index < 0 else tensors[index].data
            if data is not None:
                data = data.copy()
                data[dead] = 0
                tensors[index] = replace(tensors[index], data=data)
    return replace(graph, tensors=tuple(tensors))


if __name__ == "__main__":
    main()
