"""The type of an option that names a model of the zoo."""

from __future__ import annotations

from typing import Any

import click

from wwtool.models.names import is_model


class ModelName(click.Choice[str]):
    """One of the names, or a name with another width."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value) if is_model(str(value)) else super().convert(value, param, ctx)
