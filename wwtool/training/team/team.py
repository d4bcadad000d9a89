"""What the processes of a team say to each other. A process that trains alone is a team of one."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from wwtool.errors import InputError, ToolError
from wwtool.training.team.portion import Portion


class LostError(ToolError):
    """Another process of the team has ended."""


class Team:
    """The processes that train together. The one of rank 0 leads.

    Attributes:
        rank: the number of this process, from 0 on.
        size: how many there are.
        working: whether they are in the middle of a training.
    """

    def __init__(self, rank: int = 0, size: int = 1, device: int = 0) -> None:
        self.rank, self.size, self._device = rank, size, device
        self.working = False

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def use(self, device: torch.device) -> None:
        """Makes a device, as a config names it, the one of this process.

        Raises:
            InputError: there are fewer GPUs than processes.
        """
        if self.size == 1 or device.type != "cuda":
            return
        count = torch.cuda.device_count()
        if self._device >= count:
            raise InputError(
                f"this machine has more training processes than GPUs ({count}); start torchrun with --nproc-per-node "
                f"{count}, or set train.device: cpu"
            )
        torch.cuda.set_device(self._device)

    def portion(self, random: np.random.Generator) -> np.random.Generator:
        """A generator that draws, for the own part of a batch, what one process would draw for it in the whole."""
        return random if self.size == 1 else Portion(random, self.rank, self.size)

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Gives each of the float tensors, in place, its mean over the processes. All have tensors of these shapes."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])
        _with_others(dist.all_reduce, flat)
        flat /= self.size
        with torch.no_grad():
            means = torch.split(flat, [tensor.numel() for tensor in tensors])
            for tensor, mean in zip(tensors, means, strict=True):
                tensor.copy_(mean.view(tensor.shape))

    def same(self, tensors: Iterable[Tensor]) -> None:
        """Gives each of the tensors, in place, what it holds in the leading process."""
        if self.size == 1:
            return
        for tensor in tensors:
            value = tensor.detach().contiguous()
            _with_others(_from_leader, value)
            with torch.no_grad():
                tensor.copy_(value)

    def told(self, say: Callable[[], bytes]) -> bytes:
        """What the leading process says, in all of them. The others wait, as long as it takes."""
        if self.size == 1:
            return say()
        message = np.frombuffer(say(), np.uint8) if self.leads else np.zeros(0, np.uint8)
        length = torch.tensor([len(message)])
        _with_others(_from_leader, length)
        content = torch.from_numpy(message.copy()) if self.leads else torch.zeros(int(length), dtype=torch.uint8)
        if len(content):
            _with_others(_from_leader, content)
        return content.numpy().tobytes()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A training. If it fails, the others are in the middle of it, and nothing can be said to them any more."""
        self.working = True
        yield
        self.working = False


def _with_others(operation: Callable[[Tensor], object], tensor: Tensor) -> None:
    """Does something with the tensors of all processes, in place."""
    passed = tensor.detach()
    _passed[:] = [*(ref for ref in _passed if ref() is not None), weakref.ref(passed)]
    try:
        operation(passed)
    except RuntimeError as error:
        del passed
        raise LostError(
            "another process of this training has ended, which its own message or torchrun's explains; run the same "
            "command again to go on from the last checkpoint"
        ) from error.with_traceback(None)


def _from_leader(tensor: Tensor) -> None:
    dist.broadcast(tensor, 0)


def let_go() -> None:
    """Waits until no thread of torch holds a tensor any more that went to other processes.

    A thread that is the last to hold one needs Python to give it back, and aborts a process whose Python has ended.
    """
    end = time.monotonic() + _LETTING_GO_S
    while any(ref() is not None for ref in _passed) and time.monotonic() < end:
        time.sleep(_LOOK_S)


ALONE = Team()
_joined: list[Team] = []
_passed: list[weakref.ref[Tensor]] = []
_LETTING_GO_S, _LOOK_S = 5.0, 0.001


def team() -> Team:
    """The team of this process."""
    return _joined[-1] if _joined else ALONE


@contextmanager
def member_of(joined: Team) -> Iterator[None]:
    """A block in which this process belongs to a team."""
    _joined.append(joined)
    try:
        yield
    finally:
        _joined.pop()
