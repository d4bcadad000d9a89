"""The portable kernels that read ahead of what they write, or share a file. All others need no descriptor.

Lowering names the parameter structs of portable kernels.
"""

from __future__ import annotations

from wwtool.compiler.kernels.kernel import Kernel
from wwtool.compiler.kernels.overlap import rows_reach, sliding_reach, typed_rows_reach, window_reach

DENSE = "ww_dense"
DENSE_ROUND_ONCE = "ww_dense_round_once"
CONV_2D = "ww_conv_2d"
DEPTHWISE_CONV_2D = "ww_depthwise_conv_2d"
DEPTHWISE_TAPS = "ww_depthwise_taps"
ADD, MUL = "ww_add", "ww_mul"

KERNELS: tuple[Kernel, ...] = (
    Kernel(DENSE, reach=rows_reach),
    Kernel(DENSE_ROUND_ONCE, source="ww_dense.c", reach=rows_reach),
    Kernel("ww_dense_uint8", reach=typed_rows_reach(1)),
    Kernel("ww_dense_int16", reach=typed_rows_reach(2)),
    Kernel(DEPTHWISE_CONV_2D, reach=sliding_reach),
    *(
        Kernel(f"{function}{suffix}", reach=window_reach(item_bytes))
        for function in (CONV_2D, "ww_average_pool_2d", "ww_max_pool_2d")
        for suffix, item_bytes in (("", 1), ("_uint8", 1), ("_int16", 2))
    ),
)
