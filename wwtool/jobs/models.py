"""Models: versions of finished models in a folder; add, list, show, and go back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.errors import UsageError
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.model_store import Bump, ModelStore, ModelVersion

__all__ = ["Bump", "ModelVersion", "ModelsOutput", "ModelsRequest", "plan", "run"]


class ModelsRequest(Request):
    """What to do with the models of a folder."""

    action: Literal["list", "add", "show", "rollback"] = Field(description="What to do.")
    store: Path = Field(Path("wwtool-models"), description="The folder of models.")
    name: str | None = Field(None, description="A model's name: a to z, 0 to 9, - and _.")
    version: str | None = Field(None, description="A version, such as 1.2.0.")
    source: Path | None = Field(None, description="A .tflite, a finished run or a build folder.")
    bump: Bump = Field("minor", description="Which part of the version the new one raises.")


@dataclass(frozen=True)
class ModelsPlan:
    """A request that has all that it needs."""

    request: ModelsRequest


@dataclass(frozen=True)
class ModelsOutput:
    """``models ... --json``: the versions that were asked for, or the one that was added or is in use now."""

    store: str
    models: list[ModelVersion]


def plan(request: ModelsRequest, listener: events.Listener = events.ignore) -> ModelsPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: it lacks a name, or a model to add.
    """
    if request.action != "list" and request.name is None:
        raise UsageError(f"models {request.action} needs the name of a model")
    if request.action == "add" and request.source is None:
        raise UsageError("models add needs a .tflite, a finished run or a build folder")
    return ModelsPlan(request)


def run(
    plan: ModelsPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> ModelsOutput:  # fmt: skip
    """Does what is asked for.

    Raises:
        InputError: there is no such model or version, or what is to be added is no model.
    """
    request = plan.request
    store = ModelStore(request.store)
    with reported("models", request.name or str(request.store), listener):
        match request.action:
            case "add":
                assert request.name is not None
                assert request.source is not None
                found = [store.add(request.name, request.source, request.bump)]
            case "rollback":
                assert request.name is not None
                found = [store.roll_back(request.name, request.version)]
            case _:
                found = [v for v in store.versions(request.name) if request.version in (None, v.version)]
    return ModelsOutput(str(request.store), found)
