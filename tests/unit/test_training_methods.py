"""Every objective, optimizer, schedule, average and way to clip: what it computes, and that a killed run resumes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from test_training import CONFIG, POOLS, SHORT, TINY, config, run, run_killed, run_of, short, weights
from torch import nn

from wwtool import events
from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.features.pools import WeightedPool
from wwtool.jobs.settings import read_config
from wwtool.models.network import Network
from wwtool.training.averaging import AVERAGING
from wwtool.training.clipping import CLIPPING
from wwtool.training.course import Course
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson
from wwtool.training.loop import train
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.objectives.objective import Objective, Predictions, Widths
from wwtool.training.objectives.parts import PARTS
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.qat import QatNet
from wwtool.training.sampler import Batch, Mined, Sampler
from wwtool.training.schedules import SCHEDULES
from wwtool.training.schedules.plateau import times_stuck
from wwtool.training.selection import BEST
from wwtool.training.stages import stages_of

METHODS: dict[str, TrainConfig] = {
    **{f"objective-{name}": short(objective=name) for name in OBJECTIVES},
    "parts": short(objective="combined", loss={"parts": {"focal": 1.0, "triplet": 0.5, "arc_margin": 0.1}}),
    **{f"optimizer-{name}": short(optimizer=name) for name in OPTIMIZERS},
    **{f"schedule-{name}": short(schedule=name) for name in SCHEDULES},
    "stuck": short(schedule="plateau", optimization={"plateau_steps": 2, "plateau_patience": 1, "plateau_gain": 0.9}),
    **{f"averaging-{name}": short(averaging=name, optimization={"swa_steps": 1}) for name in AVERAGING},
    **{f"clipping-{name}": short(optimization={"clipping": name, "clip_window": 3}) for name in CLIPPING},
    "precision": short(precision="bfloat16"),
    "accumulate": short(optimization={"accumulate": 3}),
    "prune": short(optimization={"prune": 0.5}),
    "dropout": short(optimization={"dropout": 0.5}),
    "sampling": short(
        sampling={"ratio": (2, 2, 1, 1), "curriculum": 0.8, "mixup": 0.4, "hard_pools": ("falling",)},
        loss={"positive_weight": 2.0, "hard_weight": 3.0, "mined_weight": 4.0, "label_smoothing": 0.1},
    ),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_killed_run_resumes_to_the_byte(tmp_path: Path, name: str) -> None:
    run(tmp_path / "whole", METHODS[name])
    for stage, after in (("float", 5), ("qat", 2)):
        run_killed(tmp_path / "killed", stage, after, METHODS[name])
    run(tmp_path / "killed", METHODS[name])
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_every_member_changes_the_model(tmp_path: Path) -> None:
    """A key that did nothing would give the same bytes."""
    same = {"objective-distillation", "objective-feature_matching"}  # without a teacher they are cross-entropy
    usual = {"optimizer-adamw", "schedule-one_cycle", "averaging-ema", "clipping-norm"}
    models = {}
    for name in METHODS.keys() - same - usual:
        run(tmp_path / name, METHODS[name])
        models[name] = tuple(weights(tmp_path / name).items())
    assert len(set(models.values())) == len(models)


def batch(size: int = 24, width: int = 6) -> Predictions:
    random = torch.Generator().manual_seed(3)
    labels = (torch.arange(size) % 3 == 0).float()
    logits = torch.randn(size, generator=random, requires_grad=True)
    return Predictions(logits, labels, torch.randn(size, width, generator=random, requires_grad=True))


def loss(name: str, said: Predictions, **settings_: Any) -> torch.Tensor:
    objective = {**PARTS, **OBJECTIVES}[name](config(loss=settings_))
    assert isinstance(objective, Objective)
    objective.fit(Widths(6, 0))
    value = objective(said)
    assert isinstance(value, torch.Tensor)
    return value


def test_focal_without_a_power_is_cross_entropy() -> None:
    said = batch()
    torch.testing.assert_close(loss("focal", said, focal_power=0.0), loss("cross_entropy", said))
    p = torch.sigmoid(said.logits)
    wrong = torch.where(said.labels > 0, 1 - p, p)
    expected = (wrong**2 * -torch.log(1 - wrong)).mean()
    torch.testing.assert_close(loss("focal", said, focal_power=2.0), expected)


def test_smoothing_moves_the_least_loss_from_certainty_to_the_smoothed_label() -> None:
    least = torch.logit(torch.tensor(0.95))
    at = [float(loss("cross_entropy", Predictions(x[None], torch.ones(1)), label_smoothing=0.1))
          for x in (least - 0.1, least, least + 0.1)]  # fmt: skip
    assert at[1] < min(at[0], at[2])


def test_a_margin_of_m_is_cross_entropy_m_logits_further_off() -> None:
    said = batch()
    moved = replace(said, logits=said.logits - 1.5 * (2 * said.labels - 1))
    torch.testing.assert_close(loss("margin", said, margin=1.5), loss("cross_entropy", moved))


def test_ranking_asks_for_order_alone_and_looks_at_the_hardest() -> None:
    said = batch()
    higher = replace(said, logits=said.logits + 5.0)
    torch.testing.assert_close(loss("ranking", said), loss("ranking", higher))
    logits, labels = torch.tensor([3.0, 0.0, 1.0, -9.0]), torch.tensor([1.0, 0.0, 0.0, 0.0])
    expected = F.softplus(torch.tensor(2.0 - (3.0 - 1.0)))  # against the highest third alone
    torch.testing.assert_close(loss("ranking", Predictions(logits, labels), ranking_share=0.3), expected)


def test_triplets_take_the_closest_window_that_is_farther_than_the_pair() -> None:
    angles = torch.deg2rad(torch.tensor([0.0, 20.0, 10.0, 45.0, 170.0]))
    hidden = torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)
    said = Predictions(torch.zeros(5), torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0]), hidden)

    def apart(degrees: float) -> float:
        return float(2 - 2 * np.cos(np.deg2rad(degrees)))

    # The pair is 20 apart; the window at 10 is closer than that to both, the one at 45 is next.
    terms = [max(0.0, apart(20) - apart(farther) + 0.2) for farther in (45, 25)]
    assert float(loss("triplet", said)) == pytest.approx(np.mean(terms), abs=1e-5)


def test_an_arc_margin_pulls_windows_to_their_centre() -> None:
    said = batch()
    harder, easier = loss("arc_margin", said, arc_margin=0.5), loss("arc_margin", said, arc_margin=0.0)
    assert harder > easier
    harder.backward()
    assert said.hidden is not None
    assert said.hidden.grad is not None
    assert torch.isfinite(said.hidden.grad).all()


def test_a_sum_is_the_weighted_sum_of_its_parts() -> None:
    said = batch()
    expected = 0.5 * loss("focal", said) + 2.0 * loss("triplet", said)
    torch.testing.assert_close(loss("combined", said, parts={"focal": 0.5, "triplet": 2.0, "ranking": 0.0}), expected)


@pytest.mark.parametrize("name", PARTS)
def test_one_class_alone_gives_a_finite_loss(name: str) -> None:
    for label in (0.0, 1.0):
        said = batch()
        value = loss(name, replace(said, labels=torch.full_like(said.labels, label)))
        value.backward()
        assert torch.isfinite(value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"objective": "combined", "loss": {"parts": {"triplet": 1.0}}}, "nothing trains the model's last layer"),
        ({"objective": "combined", "loss": {"parts": {"focal": 0.0}}}, "nothing trains the model's last layer"),
        ({"loss": {"parts": {"magic": 1.0}}}, "train.loss.parts: 'magic' is not known"),
        ({"objective": "triplet"}, "train.objective: 'triplet' is not known"),
        ({"optimization": {"clipping": "magic"}}, "train.optimization.clipping: 'magic' is not known"),
        ({"optimization": {"drops": [0.9, 0.5]}}, "drops must rise"),
        ({"sampling": {"ratio": [0, 1, 1, 1]}}, "each above 0"),
        ({"selection": {"patience": 3}}, "patience needs judgements"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_config(None, {"train": values}, events.ignore)


def course(step: int, **values: Any) -> Course:
    made = config(**values)
    return Course(replace(stages_of(made)[0], steps=100, learning_rate=1.0, warmup=0.1), made, step)


def test_schedules_begin_and_end_where_they_say() -> None:
    cosine = [SCHEDULES["cosine"](course(step)) for step in range(101)]
    assert cosine[0] == pytest.approx(1 / 11)
    assert max(cosine) == cosine[10] == pytest.approx(1.0)
    assert cosine[100] == pytest.approx(0.0)
    dropped = [SCHEDULES["step"](course(step, optimization={"drops": (0.5,), "drop_factor": 0.1})) for step in (49, 50)]
    assert dropped == pytest.approx([1.0, 0.1])


@given(st.lists(st.floats(0.0, 10.0), max_size=60), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_a_plateau_never_raises_the_rate_again(means: list[float], patience: int) -> None:
    counts = [times_stuck(means[:n], patience, 0.01) for n in range(len(means) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] <= len(means) // patience
    assert times_stuck([float(n) for n in range(60, 0, -1)], patience, 0.0) == 0


def test_swa_is_the_plain_mean_of_the_models_at_the_end() -> None:
    model, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    for step in range(100):
        with torch.no_grad():
            model.weight.fill_(float(step))
        AVERAGING["swa"](average, model, course(step, optimization={"swa_start": 0.5, "swa_steps": 10}))
    assert average.weight.item() == pytest.approx(np.mean([50, 60, 70, 80, 90]))


def test_the_median_shortens_what_is_unusual() -> None:
    parameter = nn.Parameter(torch.zeros(1))
    here = course(5, optimization={"clipping": "median", "clip_window": 3, "clip_factor": 2.0}, clip_norm=100.0)
    for length, left in ((1.0, 1.0), (3.0, 3.0), (2.0, 2.0), (50.0, 4.0)):
        parameter.grad = torch.tensor([length])
        here.took_step(torch.zeros(()), CLIPPING["median"]([parameter], here))
        assert float(parameter.grad) == pytest.approx(left)
    assert here.norms.tolist() == [3.0, 2.0, 50.0]


def lesson(size: int = 8) -> Lesson:
    drawn = Sampler(POOLS, TINY.receptive_frames, CONFIG).draw(np.random.default_rng(0), size, None)
    return Lesson(torch.from_numpy(drawn.windows).float() / 10.0, torch.from_numpy(drawn.labels))


def test_mixing_keeps_most_of_every_window_and_its_label() -> None:
    plain = lesson(64)
    mixed = plain.mixed(np.random.default_rng(0), 1.0)
    assert ((mixed.labels - plain.labels).abs() <= 0.5).all()
    assert not torch.equal(mixed.features, plain.features)
    assert mixed.soft is None


def test_parts_of_a_batch_add_up_to_its_loss() -> None:
    whole = lesson(12)
    parts = list(whole.parts(4))
    assert [len(part.labels) for part in parts] == [3] * 4
    assert {float(part.labels.sum()) for part in parts} <= {1.0, 2.0}, "each has windows of both sorts"
    assert torch.equal(parts[1].features, whole.features[1::4])


class FullError(RuntimeError):
    """Stands for memory that is full."""


def test_full_memory_halves_the_batch_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Learner._loss

    def forward(self: Learner, part: Lesson, random: np.random.Generator) -> torch.Tensor:
        if len(part.labels) > 3:
            raise FullError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")
        return usual(self, part, random)

    told: list[events.Event] = []
    monkeypatch.setattr(Learner, "_loss", forward)
    made = config().model_copy(update=SHORT)
    train(run_of(tmp_path, made, listener=told.append))
    warnings = [event.text for event in told if isinstance(event, events.Warning)]
    assert [text.split("; ")[1] for text in warnings[:2]] == [
        "a step now takes its windows in 2 pieces of about 4", "a step now takes its windows in 4 pieces of about 2",
    ]  # fmt: skip
    monkeypatch.setattr(Learner, "_loss", lambda *a: (_ for _ in ()).throw(FullError("out of memory")))
    with pytest.raises(InputError, match="even with one window at a time"):
        train(run_of(tmp_path / "never", made))


def test_other_errors_are_not_taken_for_full_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learner, "_loss", lambda *a: (_ for _ in ()).throw(RuntimeError("shapes differ")))
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(run_of(tmp_path))


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_good_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Learner._loss

    def forward(self: Learner, part: Lesson, random: np.random.Generator) -> torch.Tensor:
        return usual(self, part, random) * (torch.nan if self.course.step >= 12 else 1.0)

    made = config(checkpoint_steps=5)
    with monkeypatch.context() as patch:
        patch.setattr(Learner, "_loss", forward)
        with pytest.raises(InputError, match=r"went astray at step 1\d.*last good state is kept.*train.learning_rate"):
            run(tmp_path, made)
    run(tmp_path, made)  # goes on from step 10
    run(tmp_path / "whole", made)
    assert weights(tmp_path) == weights(tmp_path / "whole")


SCORES = {"float": [0.1, 0.5, 0.4, 0.5, 0.2, 0.3], "qat": [0.9, 0.8, 0.7]}


def judged(folder: Path, made: TrainConfig, stop_after: int | None = None) -> list[tuple[str, int, float]]:
    """Trains with a judge whose scores are ``SCORES``, every four steps."""
    told: list[tuple[str, int, float]] = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Metric) and event.name == "recall at the budget":
            told.append((event.stage, event.step, event.value))
            if len(told) == stop_after:
                raise KeyboardInterrupt

    seen: dict[tuple[str, int], float] = {}

    def judge(net: Network | QatNet) -> float:
        stage = "qat" if isinstance(net, QatNet) else "float"
        number = len([key for key in seen if key[0] == stage])
        return seen.setdefault((stage, number), SCORES[stage][number])

    train(replace(run_of(folder, made, listener=listener), judge=judge))
    return told


def test_the_best_models_are_kept_and_become_the_model(tmp_path: Path) -> None:
    made = config(selection={"every": 4, "keep": 2})
    told = judged(tmp_path / "best", made)
    assert told == [
        *(("float", 4 * n, score) for n, score in enumerate(SCORES["float"], 1)),
        *(("qat", 4 * n, score) for n, score in enumerate(SCORES["qat"], 1)),
    ]
    kept = sorted(path.stem for path in (tmp_path / "best" / BEST).iterdir())
    assert kept == ["float-16", "float-8", "qat-4", "qat-8"]  # of equals, the later one is first
    judged(tmp_path / "last", config(selection={"every": 4, "best": False}))
    run(tmp_path / "plain", config())
    assert weights(tmp_path / "last") == weights(tmp_path / "plain")
    assert weights(tmp_path / "best") != weights(tmp_path / "plain")


def test_a_stage_stops_when_nothing_gets_better(tmp_path: Path) -> None:
    told = judged(tmp_path, config(selection={"every": 4, "patience": 2}))
    assert [(stage, step) for stage, step, _ in told] == [
        ("float", 4), ("float", 8), ("float", 12), ("float", 16), ("qat", 4), ("qat", 8), ("qat", 12),
    ]  # fmt: skip


def test_a_step_draws_its_windows_by_the_ratio() -> None:
    pools = [*POOLS, WeightedPool(replace(POOLS[1].pool, name="near"), 9.0)]
    made = Sampler(pools, 17, config(sampling={"ratio": (3, 3, 2, 2)}, loss={"hard_weight": 5.0, "mined_weight": 7.0}))
    mined = Mined(np.asarray([0]), np.asarray([200]))

    def names(drawn: Batch) -> list[str]:
        return [drawn.pools[number].name for number in drawn.places.pool]

    drawn = made.draw(np.random.default_rng(0), 100, mined)
    assert int(drawn.labels.sum()) == 30
    assert names(drawn).count("near") == 20
    assert drawn.weights is not None
    assert (drawn.weights == 5.0).sum() == 20
    assert (drawn.weights == 7.0).sum() == 20
    assert names(made.draw(np.random.default_rng(0), 100, None, difficulty=0.5)).count("near") == 10
    easy = Sampler(pools, 17, config()).draw(np.random.default_rng(0), 200, mined, difficulty=0.0)
    assert names(easy).count("near") == 0
