"""A config as jobs take it: the file, the request's overrides, and names that are checked where they are registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool import events
from wwtool.config import Config, load_config
from wwtool.errors import InputError
from wwtool.models.zoo import ZOO

AUTO = "auto"


def read_config(path: Path | None, overrides: dict[str, Any], listener: events.Listener) -> Config:
    """The config with a request's ``overrides`` (nested like the file) on top.

    Raises:
        InputError: a key, a value or a name in it is wrong; the message names the key path.
    """
    config = load_config(path, overrides, lambda text: listener(events.Warning(text)))
    if config.model != AUTO and config.model not in ZOO:
        where = "config" if path is None else path
        raise InputError(f"{where}: model: must be '{AUTO}' or one of {', '.join(ZOO)} (it is {config.model!r})")
    return config
