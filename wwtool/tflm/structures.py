"""The structures that TFLM keeps in its arena, as lists of fields: their sizes follow for 32 and for 64 bits.

A field is ``p`` (a pointer or size_t), ``i`` (4 bytes), ``h`` (2), ``b`` (1) or ``d`` (8), and may have a count before
it. The fields are those of TFLM's headers with TF_LITE_STATIC_MEMORY. The Python package is built with compression as
well, for which some structures have more fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(\d*)([pihbd])")
_FIXED = {"i": 4, "h": 2, "b": 1, "d": 8}


@dataclass(frozen=True)
class Abi:
    """How a processor lays out structures; a number is aligned to its size, as on x86-64, Xtensa and 32-bit Arm."""

    pointer_bytes: int

    def layout(self, fields: str) -> tuple[int, int]:
        """Size and alignment of a structure.

        >>> Abi(8).layout("2pi"), Abi(4).layout("2pi"), Abi(4).layout("b 14i")
        ((24, 8), (12, 4), (60, 4))
        """
        size, alignment = 0, 1
        for count, kind in _FIELD.findall(fields):
            nbytes = _FIXED.get(kind, self.pointer_bytes)
            size = align_up(size, nbytes) + nbytes * int(count or 1)
            alignment = max(alignment, nbytes)
        return align_up(size, alignment), alignment


def align_up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


HOST, ESP32 = Abi(8), Abi(4)

# micro_allocator.h, single_arena_buffer_allocator.h, greedy_memory_planner.h and their recording variants.
ALLOCATOR, RECORDING_ALLOCATOR = "9p", "13p"
MICRO_ALLOCATOR, RECORDING_MICRO_ALLOCATOR = "8pb", "36p"
PLANNER = "p 2i 4p 2i p b"
BUILTIN_DATA_ALLOCATOR = "2p"
SUBGRAPH, COMPRESSED_SUBGRAPH = "2p", "3p"
EVAL_TENSOR = "2p i"
NODE = "6p i p"
TENSOR = "i 4p 2i 2i b"
QUANTIZATION = "2p i"
SCRATCH_HANDLE = "p"
SCRATCH_REQUEST = "p 2i"
ALLOCATION = "2p 3i b"
RESOURCE_VARIABLES, RESOURCE_VARIABLE = "p 2i", "4p b"

# For each operator: what the parser keeps of its options (builtin_op_data.h), and what its kernel keeps (kernels/*.h).
OPTIONS = {
    "CALL_ONCE": "i", "VAR_HANDLE": "2p", "RESHAPE": "9i", "STRIDED_SLICE": "6i", "CONCATENATION": "2i",
    "CONV_2D": "7i", "DEPTHWISE_CONV_2D": "7i", "MUL": "i", "ADD": "b i", "MEAN": "b", "FULLY_CONNECTED": "4i",
    "AVERAGE_POOL_2D": "10i", "MAX_POOL_2D": "10i", "PACK": "2i", "SPLIT_V": "i", "SOFTMAX": "i",
}  # fmt: skip
KERNELS = {
    "CALL_ONCE": "i b", "VAR_HANDLE": "i", "STRIDED_SLICE": "b5i b5i b5i 5h b", "CONCATENATION": "i 2p 3i",
    "CONV_2D": "9i 2p 3i", "DEPTHWISE_CONV_2D": "9i 2p 3i", "MUL": "9i", "ADD": "b 14i", "MEAN": "11i",
    "FULLY_CONNECTED": "9i 2p b", "LOGISTIC": "4i", "QUANTIZE": "i d 3i", "AVERAGE_POOL_2D": "8i", "MAX_POOL_2D": "8i",
    "PAD": "b5i b5i b i", "SOFTMAX": "d 5i 5p i",
}  # fmt: skip
FOR_COMPRESSION = {
    "ASSIGN_VARIABLE": "i", "CONCATENATION": "i 2p 3i 10i", "CONV_2D": "9i 2p 5i", "DEPTHWISE_CONV_2D": "9i 2p 5i",
    "FULLY_CONNECTED": "9i 2p b 2i",
}  # fmt: skip
"""What these kernels keep where TFLM is built with compression."""
FOR_ESP_NN = {"CONV_2D": "9i 2p 4i", "DEPTHWISE_CONV_2D": "9i 2p 4i"}
"""What esp-nn's kernels keep: the number of their scratch buffer, too."""
