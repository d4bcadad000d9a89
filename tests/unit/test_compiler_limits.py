"""Models that are small as files and large in what they name: costs follow the file, or one sentence refuses."""

from __future__ import annotations

from graphs import Net
from test_reader import edited

from wwtool.compiler.package import compile_graph
from wwtool.compiler.reader import parse_model
from wwtool.models.quantized import Scale

SCALE = Scale(0.5, 0)


def test_a_chain_of_any_length() -> None:
    """Thousands of reshapes behind one another, in the order of the tensors and against it."""
    net = Net((1, 4), SCALE)
    x = net.op("RELU", [net.input], (1, 4), SCALE)
    for step in range(2000):
        x = net.reshape(x, (4, 1) if step % 2 else (1, 4))
    content = net.pack(net.op("RELU", [x], net.shapes[x], SCALE))

    def reverse(model: object) -> None:
        graph = model.subgraphs[0]
        graph.tensors.reverse()
        for table in (*graph.operators, graph):
            table.inputs, table.outputs = (len(graph.tensors) - 1 - ends for ends in (table.inputs, table.outputs))

    for chain in (content, edited(reverse, content)):
        assert len(compile_graph(parse_model(chain), "chain").program.calls) == 2
