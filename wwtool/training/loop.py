"""The training loop: one stage after the other, each from the averaged weights of the stage before it.

A step depends only on the seed, the stage and its number, and sums are taken in the order of a fixed number of threads.
So a run that was killed and resumed ends with the same weights as one that was not. That holds between CPUs with the
same instructions and the same PyTorch; CUDA sums in an order of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wwtool import events
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.threads import pinned_threads
from wwtool.models import pretrained
from wwtool.models.network import Network
from wwtool.training.ahead import Ahead
from wwtool.training.checkpoint import DONE, FLOAT, State, load_checkpoint, load_trained, mismatch, save_checkpoint
from wwtool.training.course import Course
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson
from wwtool.training.lessons import Lessons
from wwtool.training.placement import placed
from wwtool.training.pruning import prune_now
from wwtool.training.qat import QatNet
from wwtool.training.randomness import calibration_generator, soup_generator, step_generator
from wwtool.training.range_test import is_astray
from wwtool.training.ranges import RANGES
from wwtool.training.run import Run
from wwtool.training.sampler import Mined, to_real
from wwtool.training.scoring import logit_shift, mine
from wwtool.training.selection import Selection
from wwtool.training.soup import Soup, renew_norms
from wwtool.training.stages import Stage
from wwtool.training.team.parcel import pack, unpack
from wwtool.training.team.team import team
from wwtool.training.trouble import check_numbers, learn

_REPORT_STEPS = 10
_NORM_BATCHES = 40  # from which a soup's batch norms take their statistics
_LEAST_S = 1e-9
Drawn = tuple[Lesson, np.random.Generator]  # a lesson, and what draws the rest of its step
WINDOWS_SHARE = "share of time waiting for windows"  # a figure of each stage


def train(run: Run) -> QatNet:
    """Trains, or goes on where an interrupted run with the same fingerprint stopped. Returns the finished model.

    Raises:
        InputError: the folder's checkpoint is damaged, or the pools are too short or all of one kind.
        CancelledError: the run was cancelled.
    """
    net: QatNet = _work(run, "finish")
    return net


def train_until(run: Run, step: int) -> QatNet:
    """The first stage up to ``step``, where ``train`` goes on. Returns the model quantized as it is there.

    Raises:
        InputError: the folder's checkpoint is damaged, or the pools are too short or all of one kind.
        CancelledError: the run was cancelled.
    """
    net: QatNet = _work(run, "advance_to", step)
    return net


def losses_at(run: Run, rates: Sequence[float]) -> list[float]:
    """The losses of steps at given learning rates, from a new network on; fewer if training goes astray before.

    Nothing is saved.
    """
    losses: list[float] = _work(run, "losses_at", list(rates))
    return losses


def assist(parcel: bytes) -> None:
    """Takes part in the training of the process that leads."""
    with TemporaryFolder("team") as folder:
        run, order = unpack(parcel, folder)
        _train(run, *order)


def _work(run: Run, work: str, *arguments: Any) -> Any:
    """Lets the trainer of a run work, and those of a team's other processes."""
    if team().size > 1:
        team().told(lambda: pack(run, [work, *arguments]))
    return _train(run, work, *arguments)


def _train(run: Run, work: str, *arguments: Any) -> Any:
    with pinned_threads(run.config.threads), team().at_work():
        return _WORK[work](_Trainer(run), *arguments)


class _Trainer:
    def __init__(self, run: Run) -> None:
        self.run, self.config, self.device, self.team = run, run.config, run.device, team()
        self.team.use(self.device)
        self.stages = run.stages
        self.frames = run.architecture.receptive_frames
        self.lessons = Lessons(
            run.pools, self.frames, run.config, run.spectrogram, self.device, run.listeners, self.team
        )
        self.sampler = self.lessons.sampler
        self.state = State(
            self.stages[0].name,
            0,
            run.fingerprint,
            run.architecture,
            0.0,
            run.model,
            run.config.quantization.per_channel,
        )
        self.mined: Mined | None = None
        self.times = np.zeros(2)  # seconds in which windows were waited for, and in which they were learnt from
        self.exact: dict[str, Tensor] = {}  # the float network that was quantized
        self.soup = Soup()
        self.selection = Selection(run.folder, self.stages[0].name, run.config.selection)

    def finish(self) -> QatNet:
        tensors = self._resume()
        if self.state.done:
            return load_trained(self.run.folder)[0]
        number = [stage.name for stage in self.stages].index(self.state.stage)
        learner = self._train_stage(self.stages[number], self._first_network(self.stages[number]), tensors)
        for stage in self.stages[number + 1 :]:
            network = self._begin_anew(stage, learner.average) if stage.anew else self._convert(stage, learner.average)
            self.state = replace(self.state, stage=stage.name, step=0)
            learner = self._train_stage(stage, network, {}, before=learner)
        self.state = replace(self.state, stage=DONE, step=0)
        self._save(learner)
        return _int8(learner.average)

    def advance_to(self, step: int) -> QatNet:
        beginning, first = self.state, self.stages[0]
        tensors = self._resume()
        if self.state.stage != first.name or self.state.step > step:  # it cannot go back
            self.state, self.mined, self.soup, tensors = beginning, None, Soup(), {}
        learner = self._train_stage(first, self._first_network(first), tensors, step)
        return _int8(self._quantize(learner.average))

    def losses_at(self, rates: Sequence[float]) -> list[float]:
        first, losses = self.stages[0], list[float]()
        network, width = self._first_network(first), self.sampler.vector_width
        rate: Callable[[Course], float] = lambda course: rates[course.step]  # noqa: E731
        learner = Learner(first, network, self.config, self.device, width, rate, self.team)
        for step in range(len(rates)):
            self.run.cancel.check()
            generator = step_generator(self.config.seed, "rates", step)
            loss = learn(learner, step, self.lessons.draw(first, step, generator, None), generator, self.run.listener)
            losses.append(loss.item())
            if is_astray(losses):
                break
        return losses

    def _resume(self) -> dict[str, Tensor]:
        """Takes over the state of the checkpoint if it is of this run; returns its tensors."""
        checkpoint = load_checkpoint(self.run.folder)
        if checkpoint is None or checkpoint[0].fingerprint != self.state.fingerprint:
            return {}
        state, tensors = checkpoint
        if state.architecture != self.state.architecture:
            raise mismatch(self.run.folder)
        self.state = state
        self.exact = {name: tensor for name, tensor in tensors.items() if name.startswith(FLOAT)}
        if "mined.end" in tensors:
            self.mined = self._restore_mined(tensors)
        if not state.done:
            self._restore_soup(tensors)
        return tensors

    def _restore_soup(self, tensors: dict[str, Tensor]) -> None:
        """The members before the state's stage."""
        before = {stage.name: number if stage.anew else 0 for number, stage in enumerate(self.stages)}
        try:
            self.soup.restore(tensors, placed(Network(self.state.architecture), self.device))
        except (RuntimeError, ValueError) as error:
            raise mismatch(self.run.folder) from error
        if self.soup.members != before.get(self.state.stage):
            raise mismatch(self.run.folder)

    def _restore_mined(self, tensors: dict[str, Tensor]) -> Mined:
        try:
            mined = Mined(tensors["mined.pool"].numpy(), tensors["mined.end"].numpy())
        except KeyError as error:
            raise mismatch(self.run.folder) from error
        kinds = {mined.pool.dtype, mined.end.dtype}
        if kinds != {np.dtype(np.int64)} or mined.pool.ndim != 1 or mined.pool.shape != mined.end.shape:
            raise mismatch(self.run.folder)
        if len(mined.pool) and not 0 <= mined.pool.min() <= mined.pool.max() < len(self.sampler.negatives):
            raise mismatch(self.run.folder)
        return mined

    def _first_network(self, stage: Stage) -> Network | QatNet:
        """The network with which a run begins, or into which a checkpoint of ``stage`` is read."""
        if self.run.base is not None:
            finished, state = load_trained(self.run.base)
            if state.architecture != self.state.architecture:
                raise mismatch(self.run.base)
            self.state = replace(self.state, logit_shift=state.logit_shift, per_channel=state.per_channel)
            return placed(finished, self.device)
        torch.manual_seed(self.config.seed)
        network = Network(self.state.architecture)
        if self.config.pretrained:
            pretrained.load_into(network)
        made = network if stage.network == "float" else self._quantized(network)
        return placed(made, self.device)

    def _begin_anew(self, stage: Stage, average: Network | QatNet) -> Network | QatNet:
        """The first network, for another member of a soup; the average of the last one becomes a member."""
        assert isinstance(average, Network)
        self.soup.add(average)
        self.mined = None
        return self._first_network(stage)

    def _mixed(self, average: Network | QatNet) -> Network | QatNet:
        """The mean of a soup, if the average is that of its last member."""
        if isinstance(average, QatNet) or self.soup.mean is None:
            return average
        self.soup.add(average)
        mean, self.soup = self.soup.mean, Soup()
        prune_now(mean, self.config.optimization.prune)
        generator, windows = soup_generator(self.config.seed), self.config.batch
        batches = (self.sampler.batch(generator, windows, self.mined)[0] for _ in range(_NORM_BATCHES))
        renew_norms(mean, (to_real(batch).to(self.device) for batch in batches))
        return mean

    def _convert(self, stage: Stage, average: Network | QatNet) -> Network | QatNet:
        """The average of one stage in the form in which the next one trains it."""
        average = self._mixed(average)
        network = self._quantize(average) if stage.network == "int8" else placed(average, self.device)
        self.team.same(network.state_dict().values())
        return network

    def _quantize(self, average: Network | QatNet) -> QatNet:
        """The network quantized from ranges that it shows on a batch: where fine-tuning starts."""
        if isinstance(average, QatNet):
            return placed(average, self.device)
        self.exact = {f"{FLOAT}{name}": tensor.clone() for name, tensor in average.state_dict().items()}
        negatives, margin = self.sampler.negatives, self.config.unseen_margin
        shift = float(
            self.team.told(lambda: repr(logit_shift(average, self.frames, negatives, margin, self.device)).encode())
        )
        self.state = replace(self.state, logit_shift=shift)
        network = placed(self._quantized(average.eval().cpu()), self.device)
        generator = calibration_generator(self.config.seed)
        windows, _ = self.sampler.batch(generator, self.config.calibration_windows, self.mined)
        network.calibrate(to_real(windows).to(self.device), RANGES.member(self.config.quantization.ranges))
        return network

    def _quantized(self, network: Network) -> QatNet:
        return QatNet(network, self.state.logit_shift, self.state.per_channel)

    def _train_stage(
        self, stage: Stage, network: Network | QatNet, tensors: dict[str, Tensor], until: int | None = None,
        before: Learner | None = None,
    ) -> Learner:  # fmt: skip
        """Trains a stage from the state's step on, to its end or to step ``until``, where a checkpoint is written."""
        learner = Learner(stage, network, self.config, self.device, self.sampler.vector_width, team=self.team)
        self.selection = Selection(self.run.folder, stage.name, self.config.selection)
        if before is not None:
            learner.take_over(before.objective)
        if tensors:
            try:
                learner.restore(tensors)
                self.selection.restore(tensors)
            except (RuntimeError, ValueError, KeyError) as error:
                raise mismatch(self.run.folder) from error
        end = stage.steps if until is None else until
        with Ahead(partial(self._draw, stage)) as ahead:
            for step in range(self.state.step, end):
                self.run.cancel.check()
                if self.selection.exhausted:
                    break
                if step in stage.mine_at:
                    self.mined = self._mine(learner.model)
                self._step(learner, step, ahead, step + 1 < end and step + 1 not in stage.mine_at)
        if until is not None and until < stage.steps:
            self._save(learner)
        else:
            self._take_best(learner)
        return learner

    def _mine(self, network: Network | QatNet) -> Mined:
        """The hard windows that the leading process finds."""

        def found() -> bytes:
            mined = mine(network, self.frames, self.sampler.negatives, self.config, self.device)
            return np.stack([mined.pool, mined.end]).tobytes()

        pool, end = np.frombuffer(self.team.told(found), np.int64).reshape(2, -1)
        return Mined(pool.copy(), end.copy())

    def _draw(self, stage: Stage, step: int) -> Drawn:
        """The lesson of a step, and the generator that draws what is left of the step."""
        generator = step_generator(self.config.seed, stage.name, step)
        return self.lessons.draw(stage, step, generator, self.mined), generator

    def _step(self, learner: Learner, step: int, ahead: Ahead[Drawn], following: bool) -> None:
        stage, done = learner.stage, step + 1
        began = time.perf_counter()
        lesson, generator = ahead.take(step, following and self.device.type == "cpu")
        drawn = time.perf_counter()
        loss = learn(learner, step, lesson, generator, self.run.listener)
        self.times += (drawn - began, time.perf_counter() - drawn)
        self.state = replace(self.state, step=done)
        saved, reported = done % self.config.checkpoint_steps == 0, done % _REPORT_STEPS == 0 or done == stage.steps
        if saved or reported:
            check_numbers(learner, loss)
        self._judge(learner, done)
        if saved:
            self._save(learner)
        if reported:
            norm = float(learner.course.norms[-1])
            event = events.Loss(stage.name, done, stage.steps, loss.item(), self.run.model, learner.rate, norm)
            self.run.listener(event)
        if done == stage.steps:
            self.run.listener(events.Metric(stage.name, WINDOWS_SHARE, self._window_share(), done))

    def _window_share(self) -> float:
        """The share of the time of the steps, since the stage began or went on, in which they waited for windows."""
        share, self.times = float(self.times[0] / max(self.times.sum(), _LEAST_S)), np.zeros(2)
        return share

    def _judge(self, learner: Learner, done: int) -> None:
        """Judges the averaged model when it is due."""
        every, judge = self.config.selection.every, self.run.judge
        if not every or judge is None or (done % every and done != learner.stage.steps):
            return
        score = float(self.team.told(lambda: repr(float(judge(learner.average))).encode()))
        self.selection.judged(done, score, learner.average)
        self.run.listener(events.Metric(learner.stage.name, "recall at the budget", score, done))

    def _take_best(self, learner: Learner) -> None:
        step = self.selection.take_best(learner.average)
        if self.config.selection.every:  # the folder of the best is the leading process's
            self.team.same(learner.average.state_dict().values())
        if step is not None and step != learner.stage.steps:
            score = self.selection.scores[step]
            self.run.listener(
                events.Note(f"stage {learner.stage.name}: its model of step {step} is kept ({score:.1%})")
            )

    def _save(self, learner: Learner) -> None:
        if not self.team.leads:
            return
        tensors = learner.average_tensors() if self.state.done else learner.tensors() | self.selection.tensors()
        if self.mined is not None and not self.state.done:
            tensors["mined.pool"] = torch.from_numpy(self.mined.pool)
            tensors["mined.end"] = torch.from_numpy(self.mined.end)
        save_checkpoint(self.run.folder, self.state, tensors | self.exact | self.soup.tensors())


_WORK: dict[str, Callable[..., Any]] = {
    "finish": _Trainer.finish, "advance_to": _Trainer.advance_to, "losses_at": _Trainer.losses_at,
}  # fmt: skip


def _int8(network: Network | QatNet) -> QatNet:
    """The finished network, on the CPU. The last stage is one of int8."""
    assert isinstance(network, QatNet)
    return network.eval().cpu()
