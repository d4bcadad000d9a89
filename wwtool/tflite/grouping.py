"""Grouped convolutions as others that compute the same: CONV_2D whose weights see only a part of the channels.

With one channel for each group it is a DEPTHWISE_CONV_2D. Otherwise zeros fill in the channels of the other groups: a
sum with them is the same sum.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.tflite.graph import Graph, Operator, Tensor

_TYPES = ("int8", "float32")  # the kernels of other types know groups
_NOT_DEPTHWISE = ("quantizedBiasType",)  # options of CONV_2D that DEPTHWISE_CONV_2D does not have
_OUTPUTS, _CHANNELS = 0, 3  # axes of the weights of CONV_2D; those of DEPTHWISE_CONV_2D have their outputs there


def ungrouped(graph: Graph) -> Graph:
    """Returns the model without grouped convolutions of constant weights; ``graph`` itself if it has none."""
    tensors, operators = list(graph.tensors), list(graph.operators)
    for place, op in enumerate(graph.operators):
        groups = _groups(graph, op)
        if groups > 1:
            operators[place], weights = _rewritten(op, graph.tensor(op.inputs[1]), groups, len(tensors))
            tensors.append(weights)
    if len(tensors) == len(graph.tensors):
        return graph
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _groups(graph: Graph, op: Operator) -> int:
    """How many groups a convolution has; 1 for other operators and for shapes that are not valid."""
    if op.kind != "CONV_2D":
        return 1
    x, w = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
    if w.data is None or x.dtype not in _TYPES or len(x.shape) != 4 or len(w.shape) != 4:
        return 1
    groups, left = divmod(x.shape[_CHANNELS], w.shape[_CHANNELS])
    return 1 if left or w.shape[_OUTPUTS] % groups else groups


def _rewritten(op: Operator, w: Tensor, groups: int, index: int) -> tuple[Operator, Tensor]:
    assert w.data is not None
    if w.shape[_CHANNELS] == 1:
        data = np.ascontiguousarray(w.data.transpose(3, 1, 2, 0))
        axis, kind = _CHANNELS, "DEPTHWISE_CONV_2D"
        options = {key: value for key, value in op.options.items() if key not in _NOT_DEPTHWISE}
        options["depthMultiplier"] = w.shape[_OUTPUTS] // groups
        table = "DepthwiseConv2DOptions"
    else:
        outputs, height, width, depth = w.shape
        data = np.zeros((groups, outputs // groups, height, width, groups, depth), w.data.dtype)
        for group, own in enumerate(w.data.reshape(groups, -1, height, width, depth)):
            data[group, ..., group, :] = own
        data = data.reshape(outputs, height, width, groups * depth)
        axis, kind, options, table = _OUTPUTS, op.kind, op.options, op.options_table
    quantization = None if w.quantization is None else replace(w.quantization, axis=axis)
    weights = replace(w, index=index, shape=data.shape, data=data, quantization=quantization)
    inputs = (op.inputs[0], index, *op.inputs[2:])
    return replace(op, kind=kind, inputs=inputs, options=options, options_table=table), weights
