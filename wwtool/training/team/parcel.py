"""A training as bytes: what the leading process tells the others, who know none of its files. Nothing is pickled."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load, save
from torch import Tensor

from wwtool.base.files import write_bytes
from wwtool.base.records import parse_json
from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Steps
from wwtool.features.pools import Heard, Pool, WeightedPool
from wwtool.frontend.geometry import Geometry
from wwtool.models.network import Network
from wwtool.models.zoo import as_dict, from_dict
from wwtool.training.checkpoint import NAME, with_prefix
from wwtool.training.qat import QatNet
from wwtool.training.run import Listener, Run

_FOLDER, _BASE = "run", "base"


def pack(run: Run, order: list[Any]) -> bytes:
    """A training with its pools and its checkpoint, and what is to be done."""
    tensors: dict[str, Tensor] = {}
    pools = [_pack_pool(weighted, f"pool{number}.", tensors) for number, weighted in enumerate(run.pools)]
    listeners = [_pack_listener(net, f"listener{number}.", tensors) for number, net in enumerate(run.listeners)]
    for name, folder in ((_FOLDER, run.folder), (_BASE, run.base)):
        path = folder / NAME if folder else None
        if path is not None and path.is_file():
            tensors[f"{name}.checkpoint"] = _tensor(np.frombuffer(path.read_bytes(), np.uint8))
    facts = {
        "order": order,
        "architecture": as_dict(run.architecture),
        "config": run.config.model_dump(mode="json"),
        "spectrogram": run.spectrogram.model_dump(mode="json"),
        "fingerprint": run.fingerprint,
        "model": run.model,
        "judged": run.judge is not None,
        "based": run.base is not None,
        "pools": pools,
        "listeners": listeners,
    }
    return save(tensors, metadata={"wwtool": json.dumps(facts)})


def unpack(parcel: bytes, folder: Path) -> tuple[Run, list[Any]]:
    """The inverse of ``pack``; checkpoints lie in ``folder``. Nobody judges: only the leading process does."""
    header = parse_json(parcel[8 : 8 + int.from_bytes(parcel[:8], "little")].decode(), "the parcel")
    facts, tensors = parse_json(header["__metadata__"]["wwtool"], "the parcel"), load(parcel)
    for name in (_FOLDER, _BASE):
        checkpoint = tensors.get(f"{name}.checkpoint")
        if checkpoint is not None:
            write_bytes(folder / name / NAME, checkpoint.numpy().tobytes())
    run = Run(
        folder / _FOLDER,
        from_dict(facts["architecture"]),
        [_pool(entry, with_prefix(tensors, f"pool{number}.")) for number, entry in enumerate(facts["pools"])],
        TrainConfig.model_validate(facts["config"]),
        facts["fingerprint"],
        SpectrogramConfig.model_validate(facts["spectrogram"]),
        facts["model"],
        base=folder / _BASE if facts["based"] else None,
        judge=_unasked if facts["judged"] else None,
        listeners=[_listener(e, with_prefix(tensors, f"listener{n}.")) for n, e in enumerate(facts["listeners"])],
    )
    return run, facts["order"]


def _unasked(net: Network | QatNet) -> float:
    raise InputError("a network is judged by the process that leads")


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(array))


def _pack_pool(weighted: WeightedPool, prefix: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    pool = weighted.pool
    arrays: dict[str, npt.NDArray[Any]] = {"features": pool.features, "starts": pool.starts, "ends": pool.ends}
    if pool.soft is not None:
        arrays["soft"] = pool.soft
    facts: dict[str, Any] = {"name": pool.name, "labelled": pool.labelled, "weight": weighted.weight}
    if pool.heard is not None:
        arrays["vectors"] = pool.heard.vectors
        facts |= {"steps": asdict(pool.heard.steps), "geometry": asdict(pool.heard.geometry)}
    tensors |= {prefix + name: _tensor(array) for name, array in arrays.items()}
    return facts


def _pool(facts: dict[str, Any], tensors: dict[str, Tensor]) -> WeightedPool:
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    heard = None
    if "vectors" in arrays:
        heard = Heard(arrays["vectors"], Steps(**facts["steps"]), Geometry(**facts["geometry"]))
    parts = arrays["features"], arrays["starts"], arrays["ends"]
    return WeightedPool(Pool(facts["name"], *parts, heard, arrays.get("soft"), facts["labelled"]), facts["weight"])


def _pack_listener(net: Listener, prefix: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    tensors |= {prefix + name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    facts: dict[str, Any] = {"architecture": as_dict(net.architecture)}
    if isinstance(net, QatNet):
        facts |= {"logit_shift": net.logit_shift, "per_channel": net.per_channel}
    return facts


def _listener(facts: dict[str, Any], tensors: dict[str, Tensor]) -> Listener:
    network, shift = Network(from_dict(facts["architecture"])), facts.get("logit_shift")
    net: Listener = network if shift is None else QatNet(network, shift, facts["per_channel"])
    net.load_state_dict(tensors)
    return net
