"""The training loop: a float stage with hard-negative mining, then quantization-aware fine-tuning.

A step depends only on the seed and its number, and sums are taken in the order of a fixed number of threads, so a run
that was killed and resumed ends with the same weights as one that was not. That holds between CPUs with the same
instructions and the same PyTorch; CUDA sums in an order of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.config import TrainConfig
from wwtool.frontend.geometry import MICRO
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.training.checkpoint import (
    State,
    load_checkpoint,
    load_trained,
    mismatch,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    with_prefix,
)
from wwtool.training.qat import QatNet
from wwtool.training.sampler import Mined, Sampler, WeightedPool, distort, to_real, warp
from wwtool.training.threads import pinned_threads

Report = Callable[[str, int, int, float], None]
"""Told the stage, the step, the stage's steps and the loss."""

_Net = TypeVar("_Net", bound=nn.Module)

_CHUNK_FRAMES = 30_000
_UNSEEN_MARGIN = 1.0


@dataclass
class _Stage:
    """One stage's moving parts."""

    name: str
    steps: int
    model: nn.Module
    ema: nn.Module
    optimizer: torch.optim.Optimizer
    peak: float
    warm: float


def pick_device(name: str) -> torch.device:
    """ "auto" takes CUDA where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def train(
    folder: Path, architecture: Architecture, pools: list[WeightedPool], config: TrainConfig, fingerprint: str,
    report: Report, model_name: str = "",
) -> QatNet:  # fmt: skip
    """Trains, or goes on where an interrupted run with the same fingerprint stopped. Returns the finished model."""
    trainer = _Trainer(folder, architecture, pools, config, fingerprint, report, model_name)
    with pinned_threads(config.threads):
        return trainer.run()


def train_until(
    folder: Path, architecture: Architecture, pools: list[WeightedPool], config: TrainConfig, fingerprint: str,
    report: Report, model_name: str, step: int,
) -> QatNet:  # fmt: skip
    """Float training up to ``step``, where ``train`` goes on. Returns the model quantized as it is there."""
    trainer = _Trainer(folder, architecture, pools, config, fingerprint, report, model_name)
    with pinned_threads(config.threads):
        return trainer.run_until(step)


class _Trainer:
    def __init__(
        self, folder: Path, architecture: Architecture, pools: list[WeightedPool], config: TrainConfig,
        fingerprint: str, report: Report, model_name: str,
    ) -> None:  # fmt: skip
        self.folder, self.config, self.report = folder, config, report
        self.device = pick_device(config.device)
        self.sampler = Sampler(pools, architecture.receptive_frames, config)
        self.state = State("float", 0, fingerprint, architecture, 0.0, model_name)
        self.mined: Mined | None = None

    def run(self) -> QatNet:
        tensors = self._resume()
        if self.state.done:
            return load_trained(self.folder)[0]
        net = self._network()
        if self.state.stage == "float":
            qat = self._quantized(self._train_float(net, tensors, self.config.steps))
            self.state = replace(self.state, stage="qat", step=0, logit_shift=qat.logit_shift)
            tensors = {}
        else:
            qat = self._placed(QatNet(net, self.state.logit_shift))
        return self._train_qat(qat, tensors)

    def run_until(self, step: int) -> QatNet:
        beginning = self.state
        tensors = self._resume()
        if self.state.stage != "float" or self.state.step > step:  # it cannot go back
            self.state, self.mined, tensors = beginning, None, {}
        return self._quantized(self._train_float(self._network(), tensors, step)).eval().cpu()

    def _resume(self) -> dict[str, Tensor]:
        """Takes over the checkpoint's state if it is of this run; returns its tensors."""
        found = load_checkpoint(self.folder)
        if found is None or found[0].fingerprint != self.state.fingerprint:
            return {}
        state, tensors = found
        if state.architecture != self.state.architecture:
            raise mismatch(self.folder)
        self.state = state
        if "mined.end" in tensors:
            self.mined = self._mined(tensors)
        return tensors

    def _mined(self, tensors: dict[str, Tensor]) -> Mined:
        try:
            mined = Mined(tensors["mined.pool"].numpy(), tensors["mined.end"].numpy())
        except KeyError as error:
            raise mismatch(self.folder) from error
        kinds = {mined.pool.dtype, mined.end.dtype}
        if kinds != {np.dtype(np.int64)} or mined.pool.ndim != 1 or mined.pool.shape != mined.end.shape:
            raise mismatch(self.folder)
        if len(mined.pool) and not 0 <= mined.pool.min() <= mined.pool.max() < len(self.sampler.negatives):
            raise mismatch(self.folder)
        return mined

    def _network(self) -> Network:
        torch.manual_seed(self.config.seed)
        return Network(self.state.architecture)

    def _quantized(self, ema: Network) -> QatNet:
        """The float model quantized from observed ranges: where fine-tuning starts."""
        shift = self._logit_shift(ema)
        qat = self._placed(QatNet(ema.eval().cpu(), shift))
        qat.calibrate(self._calibration_batch())
        return qat

    def _placed(self, net: _Net) -> _Net:
        """On the device, weights in the layout that CPUs convolve fastest: the layout decides the order of sums."""
        return net.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _train_float(self, net: Network, tensors: dict[str, Tensor], until: int) -> Network:
        net = self._placed(net)
        stage = self._stage("float", net, self.config.steps, self.config.learning_rate, 0.1, tensors)
        mine_at = {round(f * self.config.steps) for f in self.config.mine_at}
        for step in range(self.state.step, until):
            if step in mine_at:
                self.mined = self._mine(net)
            self._step(stage, step)
        if until < stage.steps:
            self._save(stage)
        assert isinstance(stage.ema, Network)
        return stage.ema

    def _train_qat(self, qat: QatNet, tensors: dict[str, Tensor]) -> QatNet:
        stage = self._stage("qat", qat, self.config.qat_steps, self.config.qat_learning_rate, 0.05, tensors)
        for step in range(self.state.step, stage.steps):
            self._step(stage, step)
        self.state = replace(self.state, stage="done", step=0)
        self._save(stage)
        assert isinstance(stage.ema, QatNet)
        return stage.ema.eval().cpu()

    def _stage(
        self, name: str, model: nn.Module, steps: int, peak: float, warm: float, tensors: dict[str, Tensor]
    ) -> _Stage:
        trained = [p for p in model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": self.config.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=peak)
        ema = copy.deepcopy(model)
        if tensors:
            try:
                model.load_state_dict(with_prefix(tensors, "model."))
                ema.load_state_dict(with_prefix(tensors, "ema."))
                restore_optimizer(optimizer, tensors)
            except (RuntimeError, ValueError, KeyError) as error:
                raise mismatch(self.folder) from error
        return _Stage(name, steps, model, ema, optimizer, peak, warm)

    def _step(self, stage: _Stage, step: int) -> None:
        generator = np.random.default_rng([self.config.seed, len(stage.name), step])
        windows, labels = self.sampler.batch(generator, self.config.batch, self.mined)
        warped = warp(to_real(windows), generator, self.config.time_warp, self.config.channel_warp)
        features = distort(warped, generator).to(self.device)
        rate = one_cycle(step, stage.steps, stage.peak, stage.warm)
        for group in stage.optimizer.param_groups:
            group["lr"] = rate
        stage.model.train()
        logits = stage.model(features)[:, -1]
        loss = F.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels).to(self.device))
        stage.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(stage.model.parameters(), 2.0)
        stage.optimizer.step()
        _update_ema(stage.ema, stage.model, min(self.config.ema, (step + 1) / (step + 20)))
        self.state = replace(self.state, step=step + 1)
        if (step + 1) % self.config.checkpoint_steps == 0:
            self._save(stage)
        if (step + 1) % 10 == 0 or step + 1 == stage.steps:
            self.report(stage.name, step + 1, stage.steps, loss.item())

    def _save(self, stage: _Stage) -> None:
        tensors = {f"ema.{k}": v for k, v in stage.ema.state_dict().items()}
        if not self.state.done:
            tensors |= {f"model.{k}": v for k, v in stage.model.state_dict().items()}
            tensors |= optimizer_tensors(stage.optimizer)
            if self.mined is not None:
                tensors["mined.pool"] = torch.from_numpy(self.mined.pool)
                tensors["mined.end"] = torch.from_numpy(self.mined.end)
        save_checkpoint(self.folder, self.state, tensors)

    def _mine(self, net: Network) -> Mined:
        """The highest-scoring 0.4 % of every pool of negatives."""
        pools, ends = [], []
        for number, weighted in enumerate(self.sampler.negatives):
            scores = self._scores(net, weighted.pool.features)
            count = min(max(20, len(scores) * 4 // 1000), len(scores))
            top = np.argpartition(-scores, count - 1)[:count]
            # Below a probability of 0.02 a window has nothing to teach.
            top = np.sort(top[scores[top] > math.log(0.02 / 0.98)])
            ends.append(self.sampler.frames + net.architecture.stride * top)
            pools.append(np.full(len(top), number))
        return Mined(np.concatenate(pools).astype(np.int64), np.concatenate(ends).astype(np.int64))

    def _scores(
        self, net: Network, features: np.ndarray[tuple[int, ...], np.dtype[np.int8]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """Logits of every window of a pool, one for each stride."""
        net.eval()
        frames, stride = self.sampler.frames, net.architecture.stride
        chunk = _CHUNK_FRAMES // stride * stride
        out = []
        with torch.no_grad():
            for start in range(0, len(features) - frames + 1, chunk):
                piece = features[start : start + chunk + frames - stride]
                out.append(net(to_real(piece)[None].to(self.device))[0].float().cpu().numpy())
        return np.concatenate(out)

    def _logit_shift(self, ema: Network) -> float:
        """Where the threshold will be: what one window an hour of the training negatives exceeds, and a margin.

        The margin stands for speech never trained on, which scores higher.
        """
        scores = np.concatenate([self._scores(ema, w.pool.features) for w in self.sampler.negatives])
        hours = sum(len(w.pool.features) for w in self.sampler.negatives) / MICRO.frames_per_hour
        # An event is about ten windows long.
        rank = min(len(scores) - 1, int(hours * 10))
        return float(np.clip(np.partition(scores, -1 - rank)[-1 - rank] + _UNSEEN_MARGIN, 0.0, 10.0))

    def _calibration_batch(self) -> Tensor:
        generator = np.random.default_rng([self.config.seed, 99])
        return to_real(self.sampler.batch(generator, 1024, self.mined)[0]).to(self.device)


def one_cycle(step: int, steps: int, peak: float, warm: float) -> float:
    """One-cycle learning rate (Smith 2018): cosine from peak / 25 up over ``warm`` of the steps, then down to 0."""
    rise = max(1.0, warm * steps)
    if step < rise:
        return peak * (1.0 - 0.96 * (0.5 + 0.5 * math.cos(math.pi * step / rise)))
    return peak * (0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1.0, steps - rise)))


def _update_ema(ema: nn.Module, model: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for a, b in zip(ema.state_dict().values(), model.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1.0 - decay)
            else:
                a.copy_(b)
