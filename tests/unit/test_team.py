"""Several processes that train one model: on CPUs, over gloo, as torchrun starts them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from test_training import POOLS, TINY, config, run_of
from torch import Tensor

from wwtool.features.embeddings.embedding import Steps
from wwtool.features.pools import Heard, WeightedPool
from wwtool.models.network import Network
from wwtool.training.checkpoint import load_checkpoint
from wwtool.training.loop import train
from wwtool.training.qat import QatNet
from wwtool.training.run import Listener
from wwtool.training.sampler import Sampler
from wwtool.training.team.parcel import pack, unpack
from wwtool.training.team.portion import Portion
from wwtool.training.team.team import LostError, Team, let_go

PROCESS = Path(__file__).with_name("team_process.py")
STILL = {"still": True}  # batch norms keep their statistics: nothing but the order of sums tells two processes from one
SETTINGS = {"steps": 30, "qat_steps": 20, "batch": 16, "checkpoint_steps": 10, "ema": 0.9, "mine_at": [0.4]}


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def trained_by(
    count: int, out: Path, settings: dict[str, Any], folder: Path | None = None, end: str = "", rank: int = -1
) -> list[tuple[int, str]]:
    """Trains in so many processes; returns how they ended and what they said. ``rank`` ends before step 17 so."""
    out.mkdir(exist_ok=True)
    port, processes = str(free_port()), []
    for number in range(count):
        environment = {
            **os.environ,
            "OMP_WAIT_POLICY": "PASSIVE",
            "TORCH_CPP_LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(PROCESS.parent),
        }
        if count > 1:
            environment |= {"RANK": str(number), "WORLD_SIZE": str(count), "LOCAL_RANK": str(number)}
            environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        ending = [end, "17" if number == rank else "-1"]
        words = [sys.executable, str(PROCESS), str(out), str(folder or out / "run"), json.dumps(settings), *ending]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(words, env=environment, stdout=pipe, stderr=pipe, text=True))
    try:
        said = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert not any(output for output, _ in said)
    return [(process.returncode, complaint) for process, (_, complaint) in zip(processes, said, strict=True)]


FINE, SLOW = (0, ""), pytest.mark.slow


def losses(out: Path) -> list[float]:
    return [loss for _, _, loss in json.loads((out / "losses.json").read_text())]


def weights(out: Path, rank: int = 0) -> dict[str, Tensor]:
    return load_file(out / f"weights{rank}.safetensors")


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("two")
    assert trained_by(2, out, {**SETTINGS, **STILL}) == [FINE, FINE]
    return out


def test_both_processes_end_with_the_same_weights(two: Path) -> None:
    assert same(weights(two, 0), weights(two, 1))
    found = load_checkpoint(two / "run")
    assert found is not None
    assert found[0].done
    saved = {name.removeprefix("ema."): value for name, value in found[1].items() if name.startswith("ema.")}
    assert same(saved, weights(two, 1))


def test_two_processes_are_one_with_twice_the_batch(two: Path, tmp_path: Path) -> None:
    """The windows are the same, so the losses are, but for the order in which float32 sums 32 windows.

    Sums of about 1 differ by some 1e-7; the float stage amplifies that little. A rounding to int8 that flips is worth a
    256th of a range, so losses of the quantized stage may differ by parts of a percent.
    """
    assert trained_by(1, tmp_path, {**SETTINGS, **STILL, "batch": 32}) == [FINE]
    assert losses(two)[:3] == pytest.approx(losses(tmp_path)[:3], rel=1e-5)  # the float stage
    assert losses(two) == pytest.approx(losses(tmp_path), rel=0.01)
    # Another seed is far off, so the comparison can tell.
    assert trained_by(1, tmp_path, {**SETTINGS, **STILL, "batch": 32, "seed": 1}, tmp_path / "other") == [FINE]
    assert losses(two) != pytest.approx(losses(tmp_path), rel=0.01)


@pytest.mark.slow
def test_batch_norms_of_two_processes_come_near(tmp_path: Path) -> None:
    """Each process normalises by its own half of a batch: the losses differ by the noise of 16 windows against 32."""
    assert trained_by(2, tmp_path / "two", SETTINGS) == [FINE, FINE]
    assert trained_by(1, tmp_path / "one", {**SETTINGS, "batch": 32}) == [FINE]
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=0.3)
    assert same(weights(tmp_path / "two", 0), weights(tmp_path / "two", 1))


@pytest.mark.parametrize(
    ("end", "rank", "codes", "said"),
    [
        ("fails", 0, (4, 5), ["error: this process has no more memory; get some"]),
        ("fails", 1, (5, 4), ["error: this process has no more memory; get some"]),
        pytest.param("killed", 1, (5, -9), ["error: another process of this training has ended"], marks=SLOW),
        pytest.param("interrupted", 0, (130, 5), ["interrupted; run the same command again to go on"], marks=SLOW),
    ],
)
def test_one_process_that_ends_ends_all_in_a_sentence(
    two: Path, tmp_path: Path, end: str, rank: int, codes: tuple[int, int], said: list[str]
) -> None:
    ended = trained_by(2, tmp_path, {**SETTINGS, **STILL}, end=end, rank=rank)
    assert tuple(code for code, _ in ended) == codes
    lines = [line for _, complaint in ended for line in complaint.splitlines() if line]
    assert [line[: len(start)] for line, start in zip(lines, said, strict=True)] == said
    found = load_checkpoint(tmp_path / "run")
    assert found is not None
    assert (found[0].stage, found[0].step) == ("float", 10)
    if rank == 1:  # resumed, it ends as if nothing had happened
        assert trained_by(2, tmp_path, {**SETTINGS, **STILL}) == [FINE, FINE]
        assert same(weights(tmp_path), weights(two))


@pytest.mark.slow
def test_every_way_to_draw_and_to_judge_stays_in_step(tmp_path: Path) -> None:
    more = {
        "optimization": {"dropout": 0.2, "accumulate": 2, "clipping": "median"},
        "sampling": {"mixup": 0.2},
        "schedule": "plateau",
        "averaging": "swa",
        "objective": "combined",
        "loss": {"parts": {"distillation": 1.0, "arc_margin": 0.1}},
    }
    assert trained_by(2, tmp_path, {**SETTINGS, **more}) == [FINE, FINE]
    assert same(weights(tmp_path, 0), weights(tmp_path, 1))


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 9), st.integers(1, 4))
def test_portions_make_up_the_whole(seed: int, size: int, part: int, width: int) -> None:
    def draw(random: np.random.Generator, rows: int) -> list[Any]:
        return [
            random.random(rows), random.standard_normal((rows, 1, width), np.float32), random.integers(0, 9, size=rows),
            random.uniform(-1.0, 1.0, (rows, width)), random.beta(0.2, 0.2, rows), random.random((rows, width)),
        ]  # fmt: skip

    whole = draw(np.random.default_rng(seed), size * part)
    for rank in range(size):
        own = draw(Portion(np.random.default_rng(seed), rank, size), part)
        for drawn, everything in zip(own, whole, strict=True):
            assert drawn.dtype == everything.dtype
            assert np.array_equal(drawn, everything[rank::size])


def test_parts_of_a_batch_make_up_the_whole() -> None:
    batch = Sampler(POOLS, 30, config(loss={"mined_weight": 2.0})).draw(np.random.default_rng(0), 24, None)
    parts = [batch.part(number, 3) for number in range(3)]
    assert batch.weights is not None
    assert np.array_equal(np.stack([p.labels for p in parts], 1).ravel(), batch.labels)
    assert np.array_equal(np.stack([p.places.end for p in parts], 1).ravel(), batch.places.end)
    assert np.array_equal(np.stack([p.windows for p in parts], 1).reshape(batch.windows.shape), batch.windows)
    assert {int(p.labels.sum()) for p in parts} <= {3, 4}  # 40 % of 8


def test_a_training_is_told_whole(tmp_path: Path) -> None:
    soft, vectors = np.full(2000, np.nan, np.float32), np.ones((100, 6), np.float16)
    heard = Heard(vectors, Steps(12400, 1280))
    pools = [WeightedPool(replace(POOLS[0].pool, soft=soft, heard=heard), 0.5), *POOLS[1:]]
    network = Network(TINY).eval()
    listeners: list[Listener] = [network, QatNet(Network(TINY), 0.75, False).eval()]
    run = replace(run_of(tmp_path / "a", config(steps=20)), pools=pools, listeners=listeners, base=tmp_path / "b")
    train(run_of(tmp_path / "a", config(steps=20, qat_steps=10)))
    made, order = unpack(pack(run, ["advance_to", 7]), tmp_path / "c")
    assert order == ["advance_to", 7]
    assert made.config == run.config
    assert (made.architecture, made.fingerprint, made.model) == (run.architecture, run.fingerprint, run.model)
    assert made.judge is None
    for a, b in zip(made.pools, run.pools, strict=True):
        assert (a.weight, a.pool.name, a.pool.labelled) == (b.weight, b.pool.name, b.pool.labelled)
        assert np.array_equal(a.pool.features, b.pool.features)
        assert np.array_equal(a.pool.ends, b.pool.ends)
    told = made.pools[0].pool
    assert told.heard is not None
    assert told.soft is not None
    assert (told.heard.steps, told.heard.geometry) == (heard.steps, heard.geometry)
    assert np.isnan(told.soft).all()
    features = torch.rand(3, TINY.receptive_frames, 40) * 20
    for mine, yours in zip(made.listeners, listeners, strict=True):
        assert torch.equal(mine.eval()(features), yours(features))
    checkpoint = "checkpoint.safetensors"
    assert (made.folder / checkpoint).read_bytes() == (tmp_path / "a" / checkpoint).read_bytes()


def test_a_process_ends_after_the_last_tensor_has_been_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of gloo that is the last to hold one would abort it."""
    weight, held, let = torch.ones(8, requires_grad=True), list[Tensor](), list[float]()

    def drop() -> None:
        let.append(time.monotonic())
        held.clear()

    def send(tensor: Tensor, source: int) -> None:
        if tensor.dtype == torch.int64:  # torch holds the tensor, and nothing in Python does
            held.append(torch.index_select(weight, 0, tensor))

    monkeypatch.setattr(dist, "broadcast", send)
    assert Team(0, 2).told(lambda: b"a word") == b"a word"
    threading.Timer(0.3, drop).start()
    let_go()
    assert let and time.monotonic() >= let[0]


def test_a_lost_connection_is_let_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(tensor: Tensor, source: int) -> None:
        raise RuntimeError("connection reset")

    monkeypatch.setattr(dist, "broadcast", send)
    with pytest.raises(LostError, match="another process") as caught:
        Team(0, 2).told(lambda: b"a word")
    began = time.monotonic()
    let_go()
    assert caught.value and time.monotonic() - began < 1
