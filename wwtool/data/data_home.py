"""Data sets that a user has got: each a folder of wwtool's home, described in ``data_set.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wwtool.base.files import write_text
from wwtool.base.home import wwtool_home
from wwtool.base.text import printable
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.data.installed_voices import VoiceName, Words
from wwtool.errors import InputError, UsageError

DESCRIPTION = "data_set.yaml"


class DataSetDescription(BaseModel):
    """``data_set.yaml``: what a data set is, whose it is, and what has been made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: VoiceName = Field(description="Its name, which is that of its folder.")
    title: Words = Field(description="What it is, in a few words.")
    licence: Words = Field(description="Its licence.")
    source: str = Field(max_length=4000, description="Where it came from.")
    use: Literal["features", "rooms"] = Field(description="What is in the folder.")
    hours: float = Field(ge=0, description="Hours of features, or of impulse responses.")
    clips: int = Field(ge=0, description="How many clips or impulse responses.")
    left_out: int = Field(ge=0, description="Files that could not be read and were left out.")


def data_home() -> Path:
    """The folder that has a folder for each data set. It may not exist."""
    return wwtool_home() / "data"


def read_data_set(name: str) -> DataSetDescription | None:
    """What is known of a data set that is there; None if it is not.

    Raises:
        InputError: its description is damaged.
    """
    path = data_home() / name / DESCRIPTION
    if not path.is_file():
        return None
    try:
        return DataSetDescription.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(f"{describe_validation(error, str(path))}; run wwtool data get {name} --again") from error


def write_data_set(folder: Path, description: DataSetDescription) -> None:
    """Writes ``data_set.yaml``; the data set is there from then on."""
    write_text(folder / DESCRIPTION, yaml.safe_dump(description.model_dump(mode="json"), sort_keys=False, width=120))


def features_folder(name: str) -> Path:
    """The folder of ready-made features that is called so: a data set that is there, or any folder.

    Raises:
        UsageError: there is neither.
    """
    if "/" not in name and name not in (".", "..") and (data_home() / name / DESCRIPTION).is_file():
        return data_home() / name
    if not Path(name).is_dir():
        raise UsageError(
            f"there are no features {printable(name, 100)!r}: neither a folder, nor a data set that is there; get it "
            "with wwtool data get"
        )
    return Path(name)
