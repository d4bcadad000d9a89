"""Checkpoints: safetensors with everything that a run needs to go on. Nothing is ever unpickled."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from wwtool.base.file_kinds import SAFETENSORS, describe_mismatch, kind_of_file
from wwtool.base.files import write_bytes
from wwtool.base.records import as_record, parse_json
from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.models.zoo import as_dict, from_dict
from wwtool.training.qat import QatNet
from wwtool.training.stages import stage_names

NAME = "checkpoint.safetensors"
DONE = "done"  # the stage of a run that is finished
FLOAT = "float."  # before the names of the float network's tensors


@dataclass(frozen=True)
class State:
    """Where a run is.

    Attributes:
        stage: the name of the stage that trains, or "done".
        step: the number of steps taken in that stage.
        fingerprint: a hash of everything that the weights depend on.
        architecture: the network.
        logit_shift: what the quantized network subtracts from its logits; 0 before there is one.
        model: the network's name.
        per_channel: whether each output channel of quantized weights has a scale of its own.
    """

    stage: str
    step: int
    fingerprint: str
    architecture: Architecture
    logit_shift: float
    model: str = ""
    per_channel: bool = True

    @property
    def done(self) -> bool:
        return self.stage == DONE


def _known_stage(name: str) -> str:
    if name != DONE and name not in stage_names():
        raise ValueError("no stage has that name")
    return name


class _Metadata(BaseModel):
    """A State as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stage: Annotated[str, AfterValidator(_known_stage)]
    step: int = Field(ge=0)
    fingerprint: str
    architecture: dict[str, Any]
    logit_shift: float = Field(allow_inf_nan=False, ge=-1e3, le=1e3)
    model: str = ""
    per_channel: bool = True


def save_checkpoint(folder: Path, state: State, tensors: dict[str, Tensor]) -> None:
    """Replaces the run's checkpoint."""
    meta = {"wwtool": json.dumps({**asdict(state), "architecture": as_dict(state.architecture)})}
    contiguous = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    write_bytes(folder / NAME, save(contiguous, metadata=meta))


def load_checkpoint(folder: Path) -> tuple[State, dict[str, Tensor]] | None:
    """The run's last checkpoint, None if there is none.

    Raises:
        InputError: the file is damaged, or weights in it are infinite or NaN.
    """
    path = folder / NAME
    if not path.exists():
        return None
    if not path.is_file():  # a pipe would never end
        raise InputError(f"{path} is not a file; remove it")
    try:
        content = path.read_bytes()  # safetensors opens no file whose name is not UTF-8
        tensors = load(content)
        header = parse_json(content[8 : 8 + int.from_bytes(content[:8], "little")].decode(), "its header")
        meta = as_record(parse_json(header["__metadata__"]["wwtool"], "its metadata"), _Metadata, "its metadata")
        architecture = from_dict(meta.architecture)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, InputError) as error:
        kind = kind_of_file(path)
        if kind is not None and kind.remedy:
            raise InputError(f"{path} {describe_mismatch(kind, 'a checkpoint')}") from error
        what = f"is {kind.name} or " if kind not in (None, SAFETENSORS) else "is "
        raise InputError(f"{path} {what}damaged; delete it to train from the beginning") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise InputError(
                f"{path} holds values that are not numbers, in {printable(name, 60)}: its training went astray, or the "
                "file is damaged; delete it to train from the beginning, with another train.learning_rate or seed"
            )
    return State(**meta.model_dump(exclude={"architecture"}), architecture=architecture), tensors


def mismatch(folder: Path) -> InputError:
    """The error for tensors that are not those that the metadata describes."""
    return InputError(
        f"{folder / NAME} does not hold the weights its metadata describes; delete it to train from the beginning"
    )


def load_trained(folder: Path) -> tuple[QatNet, State]:
    """The finished model of a run.

    Raises:
        InputError: there is no finished run in the folder.
    """
    checkpoint = load_checkpoint(folder)
    if checkpoint is None or not checkpoint[0].done:
        raise InputError(f"{folder} holds no finished training run; run 'wwtool train' on it again to finish it")
    state, tensors = checkpoint
    if state.architecture.parameters > sum(tensor.numel() for tensor in tensors.values()):  # before they take memory
        raise mismatch(folder)
    net = QatNet(Network(state.architecture), state.logit_shift, state.per_channel)
    try:
        net.load_state_dict(with_prefix(tensors, "ema."))
    except RuntimeError as error:
        raise mismatch(folder) from error
    return net.eval(), state


def load_float(folder: Path) -> Network:
    """The float network of a finished run, as it was before it was quantized.

    Raises:
        InputError: there is no finished run in the folder, or one of an earlier version.
    """
    checkpoint = load_checkpoint(folder)
    if checkpoint is None or not checkpoint[0].done:
        raise InputError(f"{folder} holds no finished training run; run 'wwtool train' on it again to finish it")
    state, tensors = checkpoint
    kept = with_prefix(tensors, FLOAT)
    if state.architecture.parameters > sum(tensor.numel() for tensor in kept.values()):  # before they take memory
        raise InputError(f"{folder / NAME} holds no float network; delete it to train from the beginning")
    net = Network(state.architecture)
    try:
        net.load_state_dict(kept)
    except RuntimeError as error:
        raise mismatch(folder) from error
    return net.eval()


def with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors below ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's state as plain tensors, ``opt.<parameter number>.<name>``."""
    state = optimizer.state_dict()["state"]
    return {
        f"opt.{number}.{name}": torch.as_tensor(value)
        for number, entry in state.items()
        for name, value in entry.items()
        if value is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The inverse of ``optimizer_tensors``.

    Raises:
        ValueError: the tensors are not those that this optimizer keeps for its parameters.
    """
    entries: dict[int, dict[str, Tensor]] = {}
    for key, value in with_prefix(tensors, "opt.").items():
        number, _, name = key.partition(".")
        entries.setdefault(int(number), {})[name] = value
    shapes = {f"opt.{i}.{name}": value.shape for i, entry in entries.items() for name, value in entry.items()}
    if shapes != _shapes_after_a_step(optimizer):
        raise ValueError("the state of another optimizer or of other parameters")
    state = optimizer.state_dict()
    state["state"] = entries
    optimizer.load_state_dict(state)


def _shapes_after_a_step(optimizer: torch.optim.Optimizer) -> dict[str, torch.Size]:
    """Names and shapes of the tensors that an optimizer keeps, from a copy that takes a step without a gradient."""
    trial = deepcopy(optimizer)
    for group in trial.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    trial.step()
    return {name: value.shape for name, value in optimizer_tensors(trial).items()}
