"""``calibration.json`` of a run: a threshold that was set by a household's audio, and the model that it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wwtool.base.files import write_json
from wwtool.base.records import json_of, read_json
from wwtool.errors import InputError
from wwtool.evaluation.calibration import Calibration

NAME = "calibration.json"
SCHEMA, VERSION = "calibration", 1


def write_calibration(run: Path, calibration: Calibration) -> None:
    """Writes it into a run folder."""
    write_json(run / NAME, {"schema": f"wwtool.{SCHEMA}", "version": VERSION, **json_of(calibration)})


def read_calibration(run: Path) -> Calibration | None:
    """The calibration of a run folder; None if there is none.

    Raises:
        InputError: the file is damaged.
    """
    path = run / NAME
    if not path.exists():
        return None
    values: dict[str, Any] = read_json(path)
    try:
        keys = {key: value for key, value in values.items() if key not in ("schema", "version")}
        return TypeAdapter(Calibration).validate_python(keys)
    except (ValidationError, AttributeError) as error:
        raise InputError(f"{path} is damaged; remove it and run wwtool evaluate --calibrate again") from error
