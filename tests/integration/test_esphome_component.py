"""The external component for ESPHome: it compiles without a warning, and hears what `wwtool evaluate` hears.

Threads, microphone and main loop are those of tests/stand_ins/esphome. What ESPHome itself says of the component is in
test_esphome_component_config.py.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from esphome_component import FORMAT, Driven, Samples, build, compiled_module, component_of, detections
from framework_projects import ALWAYS, content_of, model_file, need, render
from hypothesis import given
from hypothesis import strategies as st
from packaged import PHRASES

from wwtool.budget.dry_build import random_tflite
from wwtool.config.frontend import MelSettings
from wwtool.data import espeak
from wwtool.data.audio import read_audio
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.frontend.mel import MelFrontEnd
from wwtool.models.names import architecture_of
from wwtool.packages.esphome.component import COMPILED
from wwtool.packages.esphome.devices import device_names
from wwtool.packages.package_format import Content
from wwtool.pipeline.packaging import Word, read_foreign
from wwtool.pipeline.packaging import content_of as content_of_words
from wwtool.platforms.load import load_platform

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "audio" / "keywords" / "jarvis"
WINDOW_SAMPLES, STEP_SAMPLES = 480, 160
LOW = {"on_threshold": 100, "off_threshold": 60}  # the published threshold detects too few of espeak's voices


def word_of_jarvis() -> Word:
    spec = importlib.util.find_spec("pymicro_wakeword")
    if spec is None or spec.origin is None:
        pytest.skip("pymicro-wakeword is not installed")
    folder = Path(spec.origin).parent / "models"
    word = read_foreign(folder / "hey_jarvis.tflite", folder / "hey_jarvis.json")
    return Word(word.tflite, word.phrase, word.detector.model_copy(update=LOW), word.language)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Driven:
    """One that detects, and two words and a gate that detect as soon as they may."""
    need("gcc", "g++")
    always = [Word(model_file(), phrase, ALWAYS) for phrase in ("hey computer", "int", "vad")]
    content = content_of_words(load_platform("esp32s3"), [word_of_jarvis(), *always])
    return build(content, tmp_path_factory.mktemp("component"))


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Voices that say the wake word and others, noise, and silence."""
    pause = np.zeros(20_000, np.int16)
    noise = np.random.default_rng(1).integers(-2000, 2000, 20_000).astype(np.int16)
    said = [("hey jarvis", "en-us+f3"), ("good morning", "en-us"), ("hey jarvis", "en-gb-scotland")]
    clips = [espeak.say(word, voice, words_per_minute=140) for word, voice in said]
    return np.concatenate([pause, *(part for clip in clips for part in (clip, pause)), noise, pause]).astype(np.int16)


NOISE = np.random.default_rng(0).integers(-3000, 3000, 64_000).astype(np.int16)
BEGIN, SECOND = ("start", "loop"), "feed 16000 160"


def frame_ends(content: Content, samples: Samples) -> list[int]:
    """The samples that complete the frames in which `wwtool evaluate` detects."""
    model = StreamingModel(content.tflite)
    found, _ = model.listen([samples], content.detector)
    model.close()
    return [WINDOW_SAMPLES + STEP_SAMPLES * detection.frame for detection in found]


def wanted(content: Content, samples: Samples, chunk: int) -> list[tuple[int, str]]:
    """What `wwtool evaluate` detects, at the end of the chunk that completes the frame of the detection."""
    ends = frame_ends(content, samples)
    return [(min(-(-end // chunk) * chunk, len(samples)), content.phrase) for end in ends]


def jarvis(driven: Driven, samples: Samples, *steps: str) -> list[tuple[int, str]]:
    """What the component detects of the one word; the other models are not in the YAML."""
    return detections(driven.drive(samples, *driven.steps("hey_jarvis"), *steps)[0])


def words(driven: Driven, *steps: str) -> list[str]:
    """What the component detects of the two words, with their gate, in noise."""
    lines, _ = driven.drive(NOISE, *driven.steps("hey_computer", "int", "vad"), *steps)
    return [word for _, word in detections(lines)]


@pytest.mark.parametrize("chunk", [160, 256, 77, 511])
def test_it_detects_at_the_instant_of_evaluate(chunk: int, driven: Driven, speech: Samples) -> None:
    times = wanted(driven.content, speech, chunk)
    assert len(times) == 2
    assert jarvis(driven, speech, *BEGIN, f"feed {len(speech)} {chunk}") == times


def test_chunks_of_any_size_make_no_difference(driven: Driven, speech: Samples) -> None:
    sizes = np.random.default_rng(5).choice([1, 2, 159, 161, 256, 1000, 1919], 400)
    fed = np.cumsum(sizes)
    assert fed[-1] > len(speech)
    heard = jarvis(driven, speech, *BEGIN, *(f"feed {size} {size}" for size in sizes))
    ends = np.searchsorted(fed, frame_ends(driven.content, speech))
    assert [count for count, _ in heard] == [int(fed[place]) for place in ends]


@pytest.mark.slow
def test_another_front_end_makes_no_difference(tmp_path: Path) -> None:
    need("gcc", "g++")
    front_end = MelFrontEnd(MelSettings(bands=20, window_ms=16, step_ms=8, lowest_hz=250.0))
    tflite = random_tflite(architecture_of("tinyconv", front_end), "m")
    model = StreamingModel(tflite)
    scores = model.probabilities(model.front_end.quantized([NOISE]))
    low, high = np.percentile(scores, [30, 90])
    config = DetectorConfig(average_window=1, on_threshold=int(high), off_threshold=int(low), lockout=2, warmup=5)
    found, _ = model.listen([NOISE], config)
    model.close()
    assert len(found) > 1
    driven = build(content_of_words(load_platform("esp32s3"), [Word(tflite, "hey mel", config)]), tmp_path)
    lines, _ = driven.drive(NOISE, *driven.steps("hey_mel"), *BEGIN, f"feed {len(NOISE)} 8")
    geometry = front_end.geometry
    ends = [geometry.window_samples + geometry.step_samples * detection.frame for detection in found]
    assert [count for count, _ in detections(lines)] == [-(-end // 8) * 8 for end in ends]


def test_it_detects_in_recordings_as_evaluate_does(driven: Driven) -> None:
    files = sorted(RECORDINGS.glob("*.flac"))[:60]
    if not files:
        pytest.skip("the recordings are not here")
    pause = np.zeros(8000, np.int16)
    samples = np.concatenate([part for file in files for part in (pause, read_audio(file))])
    times = wanted(driven.content, samples, 256)
    assert len(times) >= 5
    assert jarvis(driven, samples, *BEGIN, f"feed {len(samples)} 256") == times


def test_silence_and_a_mute_are_heard_as_silence(driven: Driven, speech: Samples) -> None:
    all_of_it = f"feed {len(speech)} 160"
    assert jarvis(driven, np.zeros_like(speech), *BEGIN, all_of_it) == []
    assert jarvis(driven, speech, "mute 1", *BEGIN, all_of_it) == []
    half = len(speech) // 320 * 160
    unmuted = np.concatenate([np.zeros(half, np.int16), speech[half:]])
    times = wanted(driven.content, unmuted, 160)
    assert times
    assert jarvis(driven, speech, "mute 1", *BEGIN, f"feed {half} 160", "mute 0", all_of_it) == times


def test_after_a_stop_it_has_forgotten_everything(driven: Driven, speech: Samples) -> None:
    times = wanted(driven.content, speech, 160)
    begun = times[0][0] - 160  # the word is almost over
    both = np.concatenate([speech[:begun], speech])
    steps = (*BEGIN, f"feed {begun} 160", "stop", "finish", "tell", *BEGIN, f"feed {len(speech)} 160")
    lines, log = driven.drive(both, *driven.steps("hey_jarvis"), *steps)
    assert lines[0].startswith("running 0")
    assert detections(lines) == [(begun + count, word) for count, word in times]
    assert log.count("Listening") == 2


def test_audio_before_the_start_and_after_the_stop_is_not_heard(driven: Driven) -> None:
    assert words(driven, SECOND, "loop") == []
    assert words(driven, *BEGIN, "stop", "finish", SECOND) == []
    assert words(driven, "start", "stop", "loop", SECOND) == []


def test_a_detection_stops_it_if_it_should(driven: Driven) -> None:
    once = (*BEGIN, SECOND, "finish", "tell")
    lines, _ = driven.drive(NOISE, *driven.steps("hey_computer"), "stop_after_detection 1", *once, *once)
    assert [word for _, word in detections(lines)] == ["hey computer"] * 2
    assert [line.split(",")[0] for line in lines if line.startswith("running")] == ["running 0"] * 2
    both = driven.drive(NOISE, *driven.steps("hey_computer", "int"), "enable int", "stop_after_detection 1", *once)[0]
    assert len(detections(both)) == 1


def test_words_are_switched_while_it_listens(driven: Driven) -> None:
    assert words(driven, *BEGIN, SECOND) == ["hey computer"]
    assert sorted(words(driven, "enable int", *BEGIN, SECOND)) == ["hey computer", "int"]
    assert words(driven, "disable hey_computer", *BEGIN, SECOND) == []
    assert words(driven, "disable hey_computer", *BEGIN, SECOND, "enable int", SECOND) == ["int"]


def test_the_choice_is_kept_unless_the_model_is_internal(driven: Driven) -> None:
    """A second object of the same id stands for the one after a restart."""
    steps = driven.steps("hey_computer", "int")
    assert ", int 0 " in driven.drive(NOISE, *steps, "tell")[0][-1]
    assert ", int 1 " in driven.drive(NOISE, *steps, "enable int", "model 2 1 1 0 0 int int", "tell")[0][-1]
    internal = "model 2 1 1 0 1 secret secret"
    said = driven.drive(NOISE, *steps, internal, "enable secret", internal, "tell")[0][-1]
    assert ", secret 0 " in said
    assert "visible hey_computer int," in said


def test_a_cutoff_changes_while_it_listens(driven: Driven) -> None:
    steps = ("cutoff hey_computer 255", *BEGIN, SECOND, "tell", "cutoff hey_computer 0", SECOND, "tell")
    lines, _ = driven.drive(NOISE, *driven.steps("hey_computer"), *steps)
    assert len(lines) == 3
    assert "hey_computer 1 cutoff 255 of 1" in lines[0]
    assert lines[1].endswith(" hey computer")
    assert "hey_computer 1 cutoff 1 of 1" in lines[2]


def test_a_cutoff_outlives_a_stop(driven: Driven) -> None:
    steps = ("cutoff hey_computer 255", *BEGIN, SECOND, "stop", "finish", *BEGIN, SECOND)
    assert words(driven, *steps) == []


def test_models_that_the_yaml_leaves_out_take_no_time(driven: Driven) -> None:
    lines, _ = driven.drive(NOISE, *driven.steps("hey_computer"), *BEGIN, SECOND, "tell")
    jarvis, computer, other, gate = map(int, lines[-1].split("outputs ")[1].split())
    assert computer > 0
    assert (jarvis, other, gate) == (0, 0, 0)


def test_a_gate_counts_only_if_the_yaml_has_it(driven: Driven) -> None:
    steps = (*BEGIN, SECOND, "tell")
    hears, _ = driven.drive(NOISE, *driven.steps("hey_computer", "vad"), *steps)
    assert len(detections(hears)) == 1
    assert "vad 1" in hears[-1]
    stopped, _ = driven.drive(NOISE, *driven.steps("hey_computer", "vad"), *steps, "stop", "finish", "tell")
    assert "running 0, vad 0" in stopped[-1]
    deaf = [step.replace("vad 3 1 1", "vad 3 1 255") for step in driven.steps("hey_computer", "vad")]
    assert detections(driven.drive(NOISE, *deaf, *steps)[0]) == []
    without, _ = driven.drive(NOISE, *driven.steps("hey_computer"), *steps)
    assert len(detections(without)) == 1
    assert "vad 0" in without[-1]


def test_it_rests_during_an_update_and_tells_of_lost_audio(driven: Driven) -> None:
    begin = (*driven.steps("hey_computer"), *BEGIN)
    steps = ("update starts", SECOND, "tell", "update fails", "loop", SECOND)
    lines, log = driven.drive(NOISE, *begin, *steps)
    assert lines[0].startswith("running 1")
    assert len(detections(lines)) == 1
    assert "some of it is lost" in log  # what came during the update has filled the buffer
    assert "some of it is lost" in driven.drive(NOISE, *begin, "feed 8000 8000")[1]
    assert "some of it is lost" not in driven.drive(NOISE, *begin, SECOND)[1]


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_renders_a_component_that_names_it(phrase: str, tmp_path: Path) -> None:
    project = render(FORMAT, content_of("esp32s3", phrase, "vad"), tmp_path / "project")
    models = compiled_module(project).read_models()
    assert [model.wake_word for model in models.values()] == [phrase, "vad"]
    assert {path.stem for path in project.glob("*.yaml")} == set(device_names(COMPILED))
    assert "satellite1" not in device_names(COMPILED)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = content_of("esp32s3", "hey computer", "good night", "vad")
    return render(FORMAT, content, tmp_path_factory.mktemp("rendered") / "project")


@pytest.mark.parametrize("name", ["hey computer!", "9lives", "", "a-b", "../x", 3, None, "ä", "a\n"])
def test_what_is_no_identifier_is_refused(name: object, rendered: Path) -> None:
    module = compiled_module(rendered)
    with pytest.raises(ValueError, match="is not the name of a compiled model; choose 'hey_computer' or 'good_night'"):
        module.choose(module.read_models(), name)


@given(name=st.one_of(st.text(), st.from_regex(r"[a-z_]+"), st.integers(), st.floats(), st.lists(st.text())))
def test_any_name_is_a_model_or_one_sentence(name: object, rendered: Path) -> None:
    module = compiled_module(rendered)
    try:
        assert module.choose(module.read_models(), name).name == name
    except ValueError as error:
        assert str(error).count("; choose") == 1


def test_bad_models_are_refused_in_a_sentence(rendered: Path) -> None:
    module = compiled_module(rendered)
    models = module.read_models()
    with pytest.raises(ValueError, match="this component has no model 'alexa'; choose 'hey_computer' or 'good_night'"):
        module.choose(models, "alexa")
    with pytest.raises(ValueError, match="only tells speech from the rest; put it under vad"):
        module.choose(models, "vad")
    with pytest.raises(ValueError, match="the model 'x' is listed twice; list each model once"):
        module.require_each_once(["x", "y", "x"])
    assert module.choose_gate(models).name == "vad"
    with pytest.raises(ValueError, match="'hey_computer' does not tell speech from the rest; choose 'vad'"):
        module.choose_gate(models, "hey_computer")
    del models["vad"]
    with pytest.raises(ValueError, match="no model that tells speech from the rest; leave vad out"):
        module.choose_gate(models)


@pytest.mark.parametrize(
    "text", ["", "[]", "3", '{"version": 1}', '{"version": 1, "files": [], "models": [{}]}', "\xff"]
)
def test_a_damaged_list_is_refused(text: str, rendered: Path, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"models\.json is damaged; copy the whole folder"):
        compiled_module(rendered).read_models(tmp_path)


def test_a_missing_file_and_another_version_are_refused(rendered: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(rendered, project)
    component = component_of(project)
    module = compiled_module(project)
    (component / "ww_detector.c").unlink()
    with pytest.raises(ValueError, match=r"the file .*ww_detector\.c is missing; copy the whole folder"):
        module.read_models()
    told = json.loads((component / "models.json").read_text())
    (component / "models.json").write_text(json.dumps({**told, "version": 2}))
    with pytest.raises(ValueError, match="has version 2, not 1; copy the whole folder"):
        module.read_models()
    (component / "models.json").unlink()
    with pytest.raises(ValueError, match=r"models\.json is missing"):
        module.read_models()


def test_a_cutoff_is_esphomes(rendered: Path) -> None:
    threshold_of = compiled_module(rendered).threshold_of
    assert [threshold_of(cutoff) for cutoff in (0.0, 0.5, 0.97, 1.0)] == [1, 127, 247, 255]
