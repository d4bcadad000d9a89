"""Models that read a whole window, or have several outputs, in the form that firmware runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import Net
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged import random_tflite
from windowed import windowed_tflite

from wwtool.config.frontend import MfccConfig, MfeConfig
from wwtool.engines.diff import compare, first_difference
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.export.streaming_form import streaming_form
from wwtool.frontend.mfe import MfeFrontEnd
from wwtool.frontend.registry import front_end_of
from wwtool.jobs.build import BuildRequest, plan
from wwtool.models.quantized import Scale
from wwtool.packages.esphome.foreign import read_settings
from wwtool.pipeline.imported import FromFile
from wwtool.pipeline.packaging import read_foreign
from wwtool.tflite.reader import parse_model

CARD = "wake_word: up\nprobability_cutoff: 0.8\n"
SILENCE = -128


def scores_by_hand(content: bytes, shape: tuple[int, ...], features: np.ndarray, slices: int, step: int) -> np.ndarray:
    """What the model says of the window that ends with every step, (steps, labels)."""
    heard = np.concatenate([np.full((slices, features.shape[1]), SILENCE, np.int8), features])
    ends = range(slices + step, len(heard) + 1, step)
    windows = np.stack([heard[end - slices : end].reshape(shape) for end in ends])
    return LiteRtEngine(content).run(windows).reshape(len(windows), -1)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_window_that_moves_on_gives_what_the_model_says_of_every_window(data: st.DataObject) -> None:
    slices = data.draw(st.integers(2, 40))
    step = data.draw(st.integers(1, slices))
    shape = data.draw(st.sampled_from([(1, slices, 40), (1, slices, 40, 1), (1, slices * 40), (1, 1, slices, 40)]))
    labels = data.draw(st.integers(2, 12))
    wanted = data.draw(st.integers(0, labels - 1))
    content = windowed_tflite(
        shape, slices, labels=labels, seed=data.draw(st.integers(0, 99)), flat_scores=step % 2 == 0
    )
    features = np.random.default_rng(1).integers(-128, 128, (step * 6, 40), np.int8)

    made = streaming_form(content, "m.tflite", slices=step, output=(wanted, labels))
    rows = features.reshape(6, 1, step, 40)
    assert first_difference(compare(made, rows)) is None
    got = LiteRtEngine(made).run(rows).ravel()
    assert (got == scores_by_hand(content, shape, features, slices, step)[:, wanted]).all()


def test_features_of_mfe_follow_the_scale_of_the_models_input(tmp_path: Path) -> None:
    """A model of Edge Impulse: a window of features from 0 to 1, whose greatest gave the scale, and a name each."""
    scale, card = Scale(0.00375, -128), tmp_path / "m.yaml"
    (tmp_path / "m.tflite").write_bytes(windowed_tflite((1, 49 * 40), 49, labels=3, scale=scale))
    card.write_text(
        f"{CARD}front_end: {{kind: mfe, fft_length: 512, noise_floor_db: -60}}\ninference_step_size: 100\n"
        "labels: [noise, unknown, up]\n"
    )
    made = plan(BuildRequest(platform="pico", model_file=tmp_path / "m.tflite", manifest=card, out=tmp_path / "out"))
    assert isinstance(made.source, FromFile)
    graph = parse_model(made.source.word.tflite)
    assert graph.front_end == MfeFrontEnd(MfeConfig(fft_length=512, noise_floor_db=-60)).for_input(
        scale.scale, scale.zero_point
    )
    assert graph.tensor(graph.inputs[0]).shape == (1, 10, 40)
    (tmp_path / "m.tflite").write_bytes(windowed_tflite((1, 49 * 40), 49, labels=3, scale=Scale(0.00375, 0)))
    with pytest.raises(InputError, match="zero point 0 does not fit features from 0 to 1"):
        plan(BuildRequest(platform="pico", model_file=tmp_path / "m.tflite", manifest=card, out=tmp_path / "out"))


def test_the_rest_of_the_model_stays_what_it_is() -> None:
    content = windowed_tflite((1, 49, 40), 49)
    before, after = parse_model(content), parse_model(streaming_form(content, "m", slices=5, output=(3, 4)))
    kinds = [op.kind for op in after.operators]
    start = kinds.index("RESHAPE", kinds.index("ASSIGN_VARIABLE") + 2)
    assert kinds[start : start + len(before.operators)] == [op.kind for op in before.operators]
    for t in before.tensors:
        same = after.tensor(t.index)
        assert (same.name, same.shape, same.dtype) == (t.name, t.shape, t.dtype)
        assert (same.data is None) == (t.data is None)
        assert same.data is None or t.data is None or np.array_equal(same.data, t.data)
    assert streaming_form(content, "m") is content


def test_a_streaming_model_may_have_several_outputs_too() -> None:
    net = Net((1, 3, 40), Scale(26 / 255, -128))
    handle = net.variable("past", np.full((1, 3, 40), -128, np.int8), Scale(26 / 255, -128))
    old = net.read(handle, (1, 3, 40), Scale(26 / 255, -128))
    net.assign(handle, net.input)
    weights = np.random.default_rng(2).integers(-127, 128, (2, 120), np.int8)
    content = net.pack(net.softmax(net.dense(net.reshape(old, (1, 120)), weights, None, 0.002, Scale(0.1, 0))))
    rows = np.random.default_rng(3).integers(-128, 128, (5, 1, 3, 40), np.int8)
    made = streaming_form(content, "m", output=(1, 2))
    assert first_difference(compare(made, rows)) is None
    assert (LiteRtEngine(made).run(rows).ravel() == LiteRtEngine(content).run(rows)[..., 1].ravel()).all()
    with pytest.raises(InputError, match="keeps a state between inferences"):
        streaming_form(content, "m", slices=3)


@pytest.mark.parametrize(
    ("shape", "slices", "output", "message"),
    [
        ((1, 49, 40), 50, (0, 4), r"reads 49 slices at once, and inference_step_size is 50"),
        ((1, 49, 40), 5, (0, 3), r"gives int8 \[1, 4\], and labels has 3 names"),
        ((1, 40, 49), 5, (0, 4), r"reads int8 \[1, 40, 49\], and a window is int8 \[1, slices, 40\]"),
    ],
)
def test_what_does_not_fit_is_refused(
    shape: tuple[int, ...], slices: int, output: tuple[int, int], message: str
) -> None:
    with pytest.raises(InputError, match=f"m.tflite {message}"):
        streaming_form(windowed_tflite(shape, 49), "m.tflite", slices=slices, output=output)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "kws.tflite"
    path.write_bytes(windowed_tflite((1, 49, 40, 1), 49))
    return path


def test_a_card_tells_labels_and_step(model: Path) -> None:
    card = model.with_suffix(".yaml")
    card.write_text(f"{CARD}labels: [silence, unknown, up, down]\ninference_step_size: 50\nsliding_window_size: 3\n")
    word = read_foreign(model, card)
    graph = parse_model(word.tflite)
    assert graph.tensor(graph.inputs[0]).shape == (1, 5, 40)
    assert (word.detector.on_threshold, word.detector.average_window, word.detector.warmup) == (204, 3, 20)
    made = plan(BuildRequest(platform="pico", model_file=model, manifest=card, out=model.parent / "out"))
    assert made.run.phrase == "up"
    card.write_text(f"{CARD}label: down\nlabels: [silence, unknown, up, down]\ninference_step_size: 50\n")
    assert read_settings(card).output == (3, 4)


def test_a_card_tells_the_front_end(tmp_path: Path) -> None:
    model, card = tmp_path / "kws.tflite", tmp_path / "kws.yaml"
    model.write_bytes(windowed_tflite((1, 490), 49, channels=10))
    card.write_text(
        f"{CARD}labels: [other, up, down, left]\ninference_step_size: 100\n"
        "front_end: {kind: mfcc, coefficients: 10, step_ms: 20, window_ms: 30, normalize: false}\n"
    )
    graph = parse_model(read_foreign(model, card).tflite)
    expected = front_end_of(MfccConfig(coefficients=10, step_ms=20, window_ms=30))
    assert (graph.front_end, graph.tensor(graph.inputs[0]).shape) == (expected, (1, 5, 10))
    assert plan(BuildRequest(platform="pico", model_file=model, manifest=card, out=tmp_path / "out")).source


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("labels: [silence, down]", "wake_word: 'up' must be one of labels, which are silence, down"),
        ("labels: [up, up]", "labels: 'up' is there 2 times; give each output a name of its own"),
        ("labels: 5", r"labels: must be a list \(it is 5\)"),
        ("labels: [up, no]", r"labels.1: must be text; put it in quotes \(it is False\)"),
        ("front_end: other", "front_end.kind: 'other' is none of micro, mel, mfcc"),
        ("front_end: [1]", "front_end: must hold keys and values"),
        ("label: up", "label: 'up' must be one of labels, which are not given"),
        ("inference_step_size: 55", "55 ms are no whole number of slices, of which there is one every 10 ms"),
        ("inference_step_size: 0", "inference_step_size"),
        ("front_end: {kind: mel, bands: 3}", "front_end.*bands"),
        ("front_end: {kind: mel, statistics: gone.json}", "gone.json"),
    ],
)
def test_a_card_that_lies_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    card = tmp_path / "m.yaml"
    card.write_text(f"{CARD}{lines}\n")
    with pytest.raises(InputError, match=f"m.yaml.*{message}|{message}"):
        read_settings(card)


def test_a_window_without_a_step_is_refused_with_the_remedy(model: Path) -> None:
    card = model.with_suffix(".yaml")
    card.write_text(f"{CARD}labels: [silence, unknown, up, down]\n")
    with pytest.raises(InputError, match="inference_step_size for a model of whole windows"):
        plan(BuildRequest(platform="pico", model_file=model, manifest=card, out=model.parent / "out"))


def test_a_model_of_ours_needs_none_of_it() -> None:
    content = random_tflite()
    assert streaming_form(content, "m") is content
