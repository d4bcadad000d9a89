"""Limits of a model, so that compiling any file takes little time and memory.

They lie far beyond what microcontrollers hold. A message names the limit that a model exceeds.
"""

from __future__ import annotations

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph

MODEL_BYTES = 64 << 20  # of the file: more flash than any microcontroller addresses
TENSOR_BYTES = 1 << 28
OPERATORS = 20_000
TENSORS = 100_000
MEMORY_BYTES = 2**31 - 1  # of arena and state: offsets are 32-bit integers in C
AXIS = 1 << 16  # elements along an axis that are taken one by one, each by a position of its own
BLOCK = 1 << 12  # elements of a block that is distributed to batches, one kernel call each
CALLS = 100_000  # of kernels; a concatenation needs one for each tensor
# How many bytes of constants folding may create and operators may read: a fixed number, plus a multiple of the
# model's own constants. Each operator packs the constants that it reads in its own way.
FOLDED_BYTES, FOLDED_TIMES = 1 << 16, 8
READ_BYTES, READ_TIMES = 1 << 21, 8
TABLE_BYTES = 1 << 25  # of all tables that operators need
NAME_LENGTH = 1000  # characters of a tensor's name


def require_few_constants(graph: Graph) -> None:
    """Checks how many bytes of constants all operators read.

    Raises:
        InputError: operators read the same constants too often.
    """
    most = READ_BYTES + READ_TIMES * sum(t.nbytes for t in graph.tensors if t.data is not None)
    total = 0
    for op in graph.operators:
        total += sum(graph.tensor(i).nbytes for i in set(op.inputs) if i >= 0 and graph.tensor(i).data is not None)
        if total > most:
            raise InputError(
                f"{op.where()} and those before it read {total} bytes of constants, more than the {most} supported for "
                "this model; use the same weights less often"
            )
