"""What a network makes of whole pools: scores of all windows, hard negatives, where its threshold will lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from wwtool.config import TrainConfig
from wwtool.features.pools import WeightedPool
from wwtool.models.network import Network
from wwtool.training.mining import MINING
from wwtool.training.qat import QatNet
from wwtool.training.sampler import Mined, to_real

_CHUNK_FRAMES = 30_000  # at once: five minutes of audio, some tens of megabytes of activations
_WINDOWS_IN_ROW = 128  # of a recurrent network: its rows are then some times as long as a window
_WINDOWS_PER_ALARM = 10  # neighbouring windows that one false alarm makes score high
_LARGEST_SHIFT = 10.0  # logits; a sigmoid there is within 0.00005 of 1


def window_scores(
    net: Network | QatNet, frames: int, features: npt.NDArray[np.int8], device: torch.device
) -> npt.NDArray[np.float32]:
    """Logits of the windows of ``frames`` frames in features (frames, channels), one a stride of the network."""
    net.eval()
    stride = net.architecture.stride
    chunk = _CHUNK_FRAMES // stride * stride
    scores = []
    with torch.no_grad():
        for start in range(0, len(features) - frames + 1, chunk):
            piece = features[start : start + chunk + frames - stride]
            rows = _overlapping(piece, frames, stride) if net.architecture.recurrent else piece[None]
            count = (len(piece) - frames) // stride + 1
            scores.append(net(to_real(rows).to(device)).float().cpu().numpy().ravel()[:count])
    return np.concatenate(scores)


def _overlapping(piece: npt.NDArray[np.int8], frames: int, stride: int) -> npt.NDArray[np.int8]:
    """Cuts (frames, channels) into rows with some windows each, (rows, frames, channels): a cell goes step by step, so
    many short rows take less time than a long one. Every window lies in one row; what the last row lacks repeats.
    """
    windows = (len(piece) - frames) // stride + 1
    in_row = min(windows, _WINDOWS_IN_ROW)
    starts = np.arange(0, windows, in_row) * stride
    at = starts[:, None] + np.arange((in_row - 1) * stride + frames)
    return np.asarray(piece[np.minimum(at, len(piece) - 1)])


def mine(
    net: Network | QatNet, frames: int, negatives: Sequence[WeightedPool], config: TrainConfig, device: torch.device
) -> Mined:
    """The hard windows of every pool of negatives."""
    chosen, pools, ends = MINING.member(config.mining), [], []
    for number, weighted in enumerate(negatives):
        positions = chosen(window_scores(net, frames, weighted.pool.features, device), config)
        ends.append(frames + net.architecture.stride * positions)
        pools.append(np.full(len(positions), number))
    return Mined(np.concatenate(pools).astype(np.int64), np.concatenate(ends).astype(np.int64))


def logit_shift(
    net: Network | QatNet, frames: int, negatives: Sequence[WeightedPool], margin: float, device: torch.device
) -> float:
    """Where the threshold will be, as a logit: what one window an hour of the negatives exceeds, and ``margin``.

    The margin stands for speech never trained on, which scores higher.
    """
    scores = np.concatenate([window_scores(net, frames, w.pool.features, device) for w in negatives])
    hours = sum(len(w.pool.features) for w in negatives) / net.architecture.front_end.geometry.frames_per_hour
    rank = min(len(scores) - 1, int(hours * _WINDOWS_PER_ALARM))
    return float(np.clip(np.partition(scores, -1 - rank)[-1 - rank] + margin, 0.0, _LARGEST_SHIFT))
