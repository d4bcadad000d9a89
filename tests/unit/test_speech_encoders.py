"""Teachers that are speech encoders of Hugging Face: tiny models, made here, and the code that reads real ones."""

from __future__ import annotations

import importlib.util
import json
import pickle
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_training import CONFIG, TINY

from wwtool import events
from wwtool.base.tools import python_package
from wwtool.cli.main import main
from wwtool.config import AugmentConfig, Config
from wwtool.config.teacher import TeacherConfig
from wwtool.data.store import write_store
from wwtool.doctor.findings import examine
from wwtool.errors import InputError, ToolError
from wwtool.features.embeddings import speech_encoder
from wwtool.features.embeddings.speech_encoder import SpeechEncoder, open_speech_encoder
from wwtool.features.pools import PoolJob, WeightedPool, load_pool, make_pool
from wwtool.pipeline.pools import plan_pools
from wwtool.pipeline.stages import Stages
from wwtool.pipeline.teaching import learn_phrase
from wwtool.training.run import Run
from wwtool.training.teachers import TEACHERS, chosen_teacher
from wwtool.training.teachers.hugging_face import HuggingFaceTeacher

HERE = importlib.util.find_spec("transformers") is not None
needs_transformers = pytest.mark.skipif(not HERE, reason="transformers is not installed")
WAVES: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16, "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
WHISPER: dict[str, Any] = {
    "d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 16,
    "decoder_attention_heads": 2, "decoder_ffn_dim": 16, "vocab_size": 40, "max_source_positions": 60,
    "max_target_positions": 8, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 3,
}  # fmt: skip
KINDS = {
    "wav2vec2": ("Wav2Vec2Config", "Wav2Vec2ForCTC", "Wav2Vec2FeatureExtractor", WAVES),  # with a layer too many
    "hubert": ("HubertConfig", "HubertModel", "Wav2Vec2FeatureExtractor", WAVES),
    "whisper": ("WhisperConfig", "WhisperModel", "WhisperFeatureExtractor", WHISPER),
}
AUDIO = np.random.default_rng(5).integers(-3000, 3000, 30_000).astype(np.int16)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of each kind, as ``save_pretrained`` writes it."""
    import transformers

    parent = tmp_path_factory.mktemp("models")
    for kind, (config, model, extractor, settings) in KINDS.items():
        torch.manual_seed(1)
        getattr(transformers, model)(getattr(transformers, config)(**settings)).save_pretrained(parent / kind)
        getattr(transformers, extractor)().save_pretrained(parent / kind)
    return parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What can be known of a model without transformers. Its weights are one number."""
    path = tmp_path / "model"
    path.mkdir()
    settings = {"model_type": "hubert", "hidden_size": 16, "num_hidden_layers": 2, "conv_stride": [5, 2, 2, 2, 2, 2, 2]}
    (path / "config.json").write_text(json.dumps(settings))
    (path / "preprocessor_config.json").write_text('{"sampling_rate": 16000}')
    save_file({"weight": torch.ones(1)}, path / "model.safetensors")
    return path


def vectors_of(encoder: SpeechEncoder, *pieces: np.ndarray) -> np.ndarray:
    stream = encoder.stream()
    for piece in pieces:
        stream.process(piece)
    return stream.finish()


@needs_transformers
@pytest.mark.parametrize("kind", KINDS)
def test_vectors_do_not_depend_on_how_audio_is_cut(models: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    encoder = open_speech_encoder(models / kind, None)
    whole = vectors_of(encoder, AUDIO)
    assert whole.shape == (encoder.steps.count(len(AUDIO)), 16) == (11, 16)
    assert whole.std(axis=0).min() > 1e-4, "they must tell one moment from another"
    pieces = vectors_of(pickle.loads(pickle.dumps(encoder)), *np.split(AUDIO, [1, 900, 17_000, 17_001, 29_000]))
    assert pieces.tobytes() == whole.tobytes()


@needs_transformers
@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_knows_its_window_and_nothing_after_it(models: Path, kind: str) -> None:
    encoder = open_speech_encoder(models / kind, None)
    known = encoder.steps.length(4)
    other_end = AUDIO.copy()
    other_end[known:] = 0
    before, after = vectors_of(encoder, AUDIO), vectors_of(encoder, other_end)
    np.testing.assert_allclose(before[:4], after[:4], atol=1e-5)
    assert np.abs(before[4] - after[4]).max() > 1e-3
    other_start = AUDIO.copy()
    other_start[: encoder.steps.step_samples] = 0
    assert np.abs(before[0] - vectors_of(encoder, other_start)[0]).max() > 1e-6, "it attends to the whole window"


@needs_transformers
@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_the_mean_of_the_last_hidden_states(models: Path, kind: str) -> None:
    """By transformers' own way to the model and its input, with whatever it fills in."""
    import transformers

    model = transformers.AutoModel.from_pretrained(models / kind).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(models / kind)
    window = AUDIO[: speech_encoder._STEPS.window_samples] / 32768
    given = extractor(window, sampling_rate=16000, return_tensors="pt", **SHORT.get(kind, {}))
    if kind in SHORT:
        model = model.get_encoder()
        model.embed_positions.weight.data = model.embed_positions.weight.data[:50]
        model.embed_positions.num_embeddings = model.config.max_source_positions = 50
    with torch.inference_mode():
        said = model(given[extractor.model_input_names[0]], output_hidden_states=True)
    for layer, states in ((None, said.last_hidden_state), (2, said.last_hidden_state), (1, said.hidden_states[1])):
        vectors = vectors_of(open_speech_encoder(models / kind, layer), AUDIO)
        np.testing.assert_allclose(vectors[0], states[0, -4:].mean(dim=0), atol=1e-4)


SHORT: dict[str, dict[str, Any]] = {"whisper": {"max_length": 16000}}


def pool_job(folder: Path, encoder: SpeechEncoder | None, name: str = "noise") -> PoolJob:
    if not (folder / "clips").exists():
        tone = (np.sin(np.arange(8000) * 0.2) * 8000).astype(np.int16)
        write_store(folder / "clips", [tone, tone[::-1].copy(), AUDIO[:8000]])
    if name == "noise":
        return PoolJob(
            "noise", "noise", None, 0.002, 1, AugmentConfig(), noise=str(folder / "clips"), embedding=encoder
        )
    return PoolJob("cut", "positive", str(folder / "clips"), 6, 0, AugmentConfig(), embedding=encoder)


def test_the_key_of_a_pool_changes_with_the_model(folder: Path, tmp_path: Path) -> None:
    def key(layer: int | None = None) -> str:
        return pool_job(tmp_path, open_speech_encoder(folder, layer)).key

    first = key()
    assert first == key() == key(2) != key(1), "2 is the last layer"
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    assert pool_job(tmp_path, open_speech_encoder(moved, None)).key == first, "the same files in another place"
    save_file({"weight": torch.full((1,), 2.0)}, folder / "model.safetensors")
    weights_changed = key()
    (folder / "preprocessor_config.json").write_text('{"sampling_rate": 16000, "do_normalize": false}')
    assert len({first, weights_changed, key(), pool_job(tmp_path, None).key}) == 4


@needs_transformers
def test_a_model_that_changes_while_pools_are_made_is_noticed(models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(models / "hubert", tmp_path / "model")
    encoder = open_speech_encoder(folder, None)
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor * 1.01 for name, tensor in weights.items()}, folder / "model.safetensors")
    with pytest.raises(InputError, match="has changed while wwtool ran"):
        make_pool(pool_job(tmp_path, encoder), tmp_path)


@needs_transformers
def test_a_run_that_was_killed_ends_with_the_same_bytes(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while a pool is made, and again while the heads learn."""
    encoder = open_speech_encoder(models / "hubert", None)
    teacher = TEACHERS["hugging_face"]
    plan = [(pool_job(tmp_path, encoder, name), 1.0) for name in ("cut", "noise")]
    settings = TeacherConfig(name="hugging_face", path=str(models / "hubert"), steps=30, members=2)
    config = Config(train=CONFIG.model_copy(update={"teacher": settings}))

    def all_of(folder: Path, listener: Callable[[events.Event], None] = events.ignore) -> dict[str, bytes]:
        for job, _ in plan:
            make_pool(job, folder)
        learn_phrase(Stages(folder, listener), plan, folder, config, teacher)
        kept = [*folder.glob("*.npz"), *(folder / "teacher").glob("*")]
        return {path.name: path.read_bytes() for path in kept}

    whole = all_of(tmp_path / "whole")
    assert len(whole) == 5, "two pools, two heads, and what they say"
    killed = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(SpeechEncoder, "load", lambda _: lambda audio: kill(audio))
        with pytest.raises(KeyboardInterrupt):
            all_of(killed)
    assert not list(killed.glob("*")), "nothing half-made is left"

    def kill_second_head(event: events.Event) -> None:
        if isinstance(event, events.Loss) and event.step > 30:
            kill(event)

    with pytest.raises(KeyboardInterrupt):
        all_of(killed, kill_second_head)
    assert all_of(killed) == whole


def kill(_: object) -> np.ndarray:
    raise KeyboardInterrupt


@needs_transformers
def test_a_taught_teacher_has_an_opinion_of_other_audio(models: Path, tmp_path: Path) -> None:
    encoder, teacher = open_speech_encoder(models / "whisper", 1), HuggingFaceTeacher()
    pools = [load_pool(make_pool(pool_job(tmp_path, encoder, name), tmp_path), name) for name in ("cut", "noise")]
    settings = TeacherConfig(name="hugging_face", path=str(models / "whisper"), layer=1, steps=20, members=1)
    run = Run(
        tmp_path / "run", TINY, [WeightedPool(pool, 1.0) for pool in pools],
        CONFIG.model_copy(update={"teacher": settings}), "a", model="tiny",
    )  # fmt: skip
    said = teacher.teach(run)
    assert [np.isfinite(soft).any() for soft in said if soft is not None] == [True, True]
    assert teacher.receptive_seconds(run) == pytest.approx(2.2)
    opinion = teacher.opinion(run, np.tile(AUDIO, 2))
    assert np.isfinite(opinion[-1])
    assert np.isnan(opinion[:200]).all(), "it has not heard enough"


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, "is no folder"),
    "no config": (lambda f: (f / "config.json").unlink(), "lacks config.json"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "lacks model.safetensors"),
    "only pickles": (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "can run programs"),
    "half the weights": (lambda f: cut(f / "model.safetensors"), "model.safetensors is missing or damaged"),
    "half the config": (lambda f: cut(f / "config.json"), "as JSON"),
    "another kind": (lambda f: (f / "config.json").write_text('{"model_type": "bert"}'), "must be one of wav2vec2"),
    "no kind": (lambda f: (f / "config.json").write_text('{"model_type": ["hubert"]}'), "must be one of wav2vec2"),
    "no width": (lambda f: (f / "config.json").write_text('{"model_type": "whisper"}'), "no usable"),
    "another rate": (lambda f: rate(f, "44100"), "hears audio of 44100 Hz, and wwtool's is of 16000 Hz"),
    "no rate": (lambda f: rate(f, '"\\u001b[2J"'), "hears audio of an unknown number of Hz"),
    "no extractor": (lambda f: (f / "preprocessor_config.json").unlink(), "which tells the sample rate"),
    "an adapter": (lambda f: (f / "adapter_config.json").write_text("{}"), "holds an adapter"),
    "a shard elsewhere": (lambda f: shards(f, "../model.safetensors"), "does not name the files"),
    "a missing shard": (lambda f: shards(f, "model-2-of-2.safetensors"), "model-2-of-2.safetensors is missing"),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def rate(folder: Path, value: str) -> None:
    (folder / "preprocessor_config.json").write_text(f'{{"sampling_rate": {value}}}')


def shards(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / "model-1-of-2.safetensors")
    names = {"a": "model-1-of-2.safetensors", "b": name}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))


@pytest.mark.parametrize("fault", BROKEN)
def test_a_folder_that_cannot_be_used_is_refused_in_one_sentence(
    folder: Path, tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is made, and whether or not transformers is installed."""
    breaks, said = BROKEN[fault]
    breaks(folder)
    config = tmp_path / "config.yaml"
    config.write_text(f"train: {{teacher: {{name: hugging_face, path: {folder.name}}}}}\n")
    with pytest.raises(SystemExit) as stopped:
        main(["train", str(config), "--platform", "pico", "--phrase", "hello", "--out", str(tmp_path / "o")])
    assert stopped.value.code == 4
    complaint = capsys.readouterr().err.strip()
    assert said in complaint
    assert len(complaint.splitlines()) == 1
    assert not (tmp_path / "o").exists()


@needs_transformers
@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("hubert", lambda weights: {"encoder.layer_norm.bias": weights["encoder.layer_norm.bias"]}, "lack"),
        ("hubert", lambda weights: {**weights, "encoder.layer_norm.bias": torch.zeros(3)}, "cannot use the model"),
        ("wav2vec2", lambda weights: {n: torch.full_like(t, torch.nan) for n, t in weights.items()}, "float16"),
    ],
)
def test_weights_of_another_model_are_refused(
    models: Path, tmp_path: Path, kind: str, change: Callable[[dict[str, torch.Tensor]], Any], said: str
) -> None:
    folder = shutil.copytree(models / kind, tmp_path / "model")
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors")
    with pytest.raises(InputError, match=said):
        vectors_of(open_speech_encoder(folder, None), AUDIO)


def test_settings_that_name_no_model_are_refused(folder: Path) -> None:
    teacher = HuggingFaceTeacher()
    with pytest.raises(InputError, match=r"train\.teacher\.path: names no folder"):
        teacher.check(TeacherConfig(name="hugging_face"))
    with pytest.raises(InputError, match=r"train\.teacher\.layer: must be at most 2 .* \(it is 3\)"):
        teacher.check(TeacherConfig(name="hugging_face", path=str(folder), layer=3))


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        (None, "licence not stated"),
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: my-own\n---\n", "my-own"),
        ("---\nlicense: [mit]\n---\n", "licence not stated"),
        ("---\nlicense: {\n---\n", "licence not stated"),
        ('---\nlicense: "\\e[2J"\n---\n', "\\x1b[2J"),
        ("license: mit\n", "licence not stated"),
    ],
)
def test_the_licence_is_what_the_model_card_states(folder: Path, card: str | None, licence: str) -> None:
    if card is not None:
        (folder / "README.md").write_text(card)
    assert HuggingFaceTeacher().licence(TeacherConfig(path=str(folder))) == licence


def test_without_transformers(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is looked at all the same; then it is said what is lacking and what brings it."""
    absent = python_package("no_transformers", "teaching", "pip install transformers")
    monkeypatch.setattr(speech_encoder, "TRANSFORMERS", absent)
    monkeypatch.setattr("wwtool.training.teachers.hugging_face.TRANSFORMERS", absent)
    with pytest.raises(ToolError, match="pip install transformers"):
        chosen_teacher("hugging_face")
    encoder = open_speech_encoder(folder, None)
    with pytest.raises(ToolError, match="pip install transformers"):
        make_pool(pool_job(tmp_path, encoder), tmp_path)
    [finding] = [f for f in examine() if f.tool == "no_transformers"]
    assert (finding.found, finding.required, finding.step, finding.alternative) == (False, False, "train", True)
    assert chosen_teacher("ensemble") is not None


def test_every_pool_of_a_run_is_heard_by_the_encoder(folder: Path, tmp_path: Path) -> None:
    config = Config.model_validate({"train": {"teacher": {"name": "hugging_face", "path": str(folder)}}})
    stores = dict.fromkeys(["train/positive_synthetic", "train/sentences", "train/unlabelled"])
    plan = plan_pools(stores, tmp_path, config, "", TEACHERS["hugging_face"])
    assert {job.embedding for job, _ in plan} == {open_speech_encoder(folder, None)}
    assert "unlabelled" in {job.name for job, _ in plan}
