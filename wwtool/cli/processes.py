"""Commands that torchrun starts several times: one process does the work, and the others help it to train."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import click

from wwtool.base.launch import launched
from wwtool.errors import WwtoolError
from wwtool.training.team.joining import Membership
from wwtool.training.team.team import LostError, let_go

_INTERRUPTED, _BUG = 130, 1
_GRACE_S = 1.0  # for the process that has failed to say so first


def in_team(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which only the leading process of a team runs. If it fails, one of the processes says why."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        if not launched():
            command(*arguments, **options)
            return
        membership = Membership()
        try:
            if membership.team.leads:
                with membership.leading():
                    command(*arguments, **options)
            else:
                membership.follow()
        except LostError as error:
            with suppress(KeyboardInterrupt):  # torchrun ends those that are left
                time.sleep(_GRACE_S)
            _speak_or_end(membership, error)
        except (Exception, KeyboardInterrupt) as error:
            _speak_or_end(membership, error)
        finally:
            let_go()

    return run


def _speak_or_end(membership: Membership, error: BaseException) -> None:
    """Raises the error, or ends without a word where another process has spoken."""
    if membership.may_speak():
        raise error
    code = error.exit_code if isinstance(error, WwtoolError) else _BUG
    raise click.exceptions.Exit(_INTERRUPTED if isinstance(error, KeyboardInterrupt) else code) from error
