"""The type of an option that names a model of the zoo."""

from __future__ import annotations

from typing import Any

import click

from wwtool.models.names import EXAMPLE, is_model


class ModelName(click.Choice[str]):
    """One of the names, or a name with another width."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value)
        if not is_model(name) and name not in self.choices:
            names = ", ".join(self.choices)
            self.fail(f"{name!r} is not one of {names}, or another width, such as {EXAMPLE}", param, ctx)
        return name
