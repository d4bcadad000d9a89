"""Training as the device does it: pools read at once, ways of execution, precisions; on CUDA where there is a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_training import CONFIG, POOLS, TINY, learner, run, run_killed, run_of, short, weights

from wwtool import events
from wwtool.config.augment import SpectrogramConfig
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Steps
from wwtool.features.pools import Heard, Pool
from wwtool.training.learner import Learner
from wwtool.training.lessons import Lessons
from wwtool.training.loop import train
from wwtool.training.precision import NUMBERS, numbers_of
from wwtool.training.sampler import Places
from wwtool.training.stages import stages_of
from wwtool.training.tapes import Tapes

CPU = torch.device("cpu")
DEVICES = [
    pytest.param(CPU, id="cpu"),
    pytest.param(
        torch.device("cuda"), id="cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
    ),
]
NONE = np.zeros(0, np.int64)


def pools_with_everything() -> list[Pool]:
    """A plain pool, one with a teacher's logits, and one with an embedding's vectors."""
    random = np.random.default_rng(5)
    features = [random.integers(-128, 128, (length, 40)).astype(np.int8) for length in (90, 70, 400)]
    soft = random.standard_normal(70).astype(np.float32)
    vectors = random.standard_normal((40, 6)).astype(np.float16)
    return [
        Pool("plain", features[0], NONE, NONE),
        Pool("taught", features[1], NONE, NONE, soft=soft),
        Pool("heard", features[2], NONE, NONE, heard=Heard(vectors, Steps(12_400, 1_280))),
    ]


@pytest.mark.parametrize("device", DEVICES)
def test_tapes_read_what_the_pools_hold(device: torch.device) -> None:
    pools = pools_with_everything()
    tapes = Tapes(pools, device)
    places = Places(np.array([2, 0, 1, 2, 1, 0]), np.array([400, 30, 70, 20, 31, 90]))
    expected = [pools[number].features[end - 20 : end] for number, end in zip(places.pool, places.end, strict=True)]
    assert np.array_equal(tapes.windows(places, 20).cpu().numpy(), np.stack(expected))
    taught, heard = pools[1].soft, pools[2].heard
    assert taught is not None
    assert heard is not None
    soft, vectors = tapes.soft(places), tapes.vectors(places)
    assert soft is not None
    assert vectors is not None
    nan = np.nan
    np.testing.assert_array_equal(soft.cpu().numpy(), np.array([nan, nan, taught[69], nan, taught[30], nan], "f4"))
    # (480 + 399 * 160 - 12400) / 1280 = 40.5: the vector 40 would be known, but the last one is 39.
    assert np.array_equal(vectors[0].cpu().numpy(), heard.vectors[39].astype(np.float32))
    assert bool(torch.isnan(vectors[1:]).all()), "20 frames are too few for a vector"
    plain = Places(np.array([0, 0]), np.array([30, 40]))
    assert tapes.soft(plain) is None
    assert tapes.vectors(plain) is None


@pytest.mark.parametrize("device", DEVICES)
def test_a_lesson_is_the_same_on_every_device(device: torch.device) -> None:
    made = [
        Lessons(POOLS, TINY.receptive_frames, CONFIG, SpectrogramConfig(), where)
        .draw(stages_of(CONFIG)[0], 3, np.random.default_rng(3), None)
        for where in (CPU, device)
    ]  # fmt: skip
    torch.testing.assert_close(made[1].features.cpu(), made[0].features, atol=1e-3, rtol=1e-4)
    assert made[1].labels.tolist() == made[0].labels.tolist()
    assert made[1].features.device.type == device.type


def trained(folder: Path, **values: Any) -> list[float]:
    losses: list[float] = []
    made = short(**values).model_copy(update={"steps": 40})
    train(run_of(folder, made, listener=lambda e: losses.append(e.loss) if isinstance(e, events.Loss) else None))
    return losses


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", [name for name in NUMBERS if name != "float32"])
def test_half_precision_learns_the_same_and_resumes(tmp_path: Path, precision: str, device: torch.device) -> None:
    losses = {name: trained(tmp_path / name, precision=name, device=device.type) for name in ("float32", precision)}
    assert losses[precision] == pytest.approx(losses["float32"], rel=0.05)
    assert losses[precision] != losses["float32"]
    if device == CPU:  # CUDA sums in an order of its own
        made = short(precision=precision)
        run(tmp_path / "whole", made)
        run_killed(tmp_path / "killed", "float", 5, made)
        run(tmp_path / "killed", made)
        assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_a_step_whose_gradients_overflow_is_left_out() -> None:
    """The scaler of float16 lowers its scale instead, and training goes on."""
    here = learner(precision="float16")
    here._scaler = torch.amp.GradScaler("cpu", init_scale=2.0**60)
    before = [p.detach().clone() for p in here.model.parameters()]
    lessons = Lessons(POOLS, TINY.receptive_frames, here.config, SpectrogramConfig(), CPU)
    here.learn(0, lessons.draw(here.stage, 0, np.random.default_rng(0), None), np.random.default_rng(0))
    assert all(torch.equal(a, b) for a, b in zip(before, here.model.parameters(), strict=True))
    assert torch.isfinite(here.course.norms).all()
    assert here._scaler.get_scale() < 2.0**60


def test_the_scale_of_losses_is_in_the_checkpoint() -> None:
    here, resumed = learner(precision="float16"), learner(precision="float16")
    here._scaler = torch.amp.GradScaler("cpu", init_scale=2.0**30)
    lessons = Lessons(POOLS, TINY.receptive_frames, here.config, SpectrogramConfig(), CPU)
    here.learn(0, lessons.draw(here.stage, 0, np.random.default_rng(0), None), np.random.default_rng(0))
    resumed.restore(here.tensors())
    assert resumed._scaler.state_dict() == here._scaler.state_dict()


def test_only_the_float_stage_computes_with_fewer_bits() -> None:
    for name, numbers in NUMBERS.items():
        assert [numbers_of(stage, name) for stage in stages_of(CONFIG)] == [numbers, torch.float32]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("way", ["graphs", "compiled"])
@pytest.mark.parametrize("values", [{}, {"optimization": {"dropout": 0.3, "accumulate": 2}}, {"precision": "bfloat16"}])
def test_every_way_of_execution_learns_the_same(tmp_path: Path, way: str, values: dict[str, Any]) -> None:
    plain = trained(tmp_path / "plain", execution="plain", device="cuda", **values)
    other = trained(tmp_path / way, execution=way, device="cuda", **values)
    assert other == pytest.approx(plain, rel=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_recording_leaves_batch_norms_as_they_were() -> None:
    here = learner(execution="graphs")
    here.model.cuda()
    before = {name: buffer.clone() for name, buffer in here.model.named_buffers()}
    graphs: Any = here._forward
    graphs._record((torch.rand(8, TINY.receptive_frames, 40, device="cuda"),))
    assert all(torch.equal(before[name], buffer) for name, buffer in here.model.named_buffers())


@pytest.mark.slow
def test_compiled_learns_as_plain_does(tmp_path: Path) -> None:
    losses = [trained(tmp_path / way, execution=way) for way in ("plain", "compiled")]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_a_gpu_that_vanishes_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with `TORCH_USE_CUDA_DSA`")

    monkeypatch.setattr(Learner, "_loss", lost)
    with pytest.raises(InputError, match=r"the GPU failed .*illegal memory access.*last checkpoint.*train.device: cpu"):
        run(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train.device is cuda.*PyTorch sees no GPU"):
        run(tmp_path, CONFIG.model_copy(update={"device": "cuda"}))
