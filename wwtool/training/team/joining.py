"""How a process becomes one of a team: by the environment variables that torchrun sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from wwtool.errors import InputError
from wwtool.training.loop import assist
from wwtool.training.team.team import Team, member_of, team

_PATIENCE = timedelta(days=30)  # the others wait while one prepares the data
_SPEAKER = "wwtool speaker"
_END = b""


class Membership:
    """A process's place in a team of several."""

    def __init__(self) -> None:
        try:
            rank, size, device = (int(os.environ.get(name, "0")) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        except ValueError as error:
            raise InputError("RANK, WORLD_SIZE and LOCAL_RANK must be numbers; start with torchrun") from error
        self.team = Team(rank, size, device)
        try:
            self._store = next(iter(rendezvous("env://", rank, size, timeout=_PATIENCE)))[0]
            gpus = torch.cuda.is_available() and dist.is_nccl_available()
            backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
            dist.init_process_group(backend, store=self._store, rank=rank, world_size=size, timeout=_PATIENCE)
        except (RuntimeError, ValueError) as error:
            why = str(error).splitlines()[0][:200]
            raise InputError(
                f"the training processes do not find each other ({why}); start them by torchrun"
            ) from error

    @contextmanager
    def leading(self) -> Iterator[None]:
        """A block of the leading process, at whose end the others end, too."""
        with member_of(self.team):
            try:
                yield
            finally:
                if not self.team.working:
                    with suppress(Exception):  # they are gone already
                        self.team.told(lambda: _END)

    def follow(self) -> None:
        """Takes part in all trainings of the leading process, until it ends."""
        with member_of(self.team):
            while (parcel := team().told(lambda: _END)) != _END:
                assist(parcel)

    def may_speak(self) -> bool:
        """Whether this process is the first that ends before its time: it alone says why."""
        own = str(self.team.rank).encode()
        try:
            return bool(self._store.compare_set(_SPEAKER, "", own.decode()) == own)
        except RuntimeError:  # the process that keeps the store is gone
            return self.team.leads
