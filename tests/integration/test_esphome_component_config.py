"""ESPHome accepts every YAML of the external component, refuses what is wrong in a sentence, and makes C++ of it.

The C++ is held to ESPHome's own headers; those of ESP-IDF are stand-ins.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from esphome_component import FORMAT, STAND_IN, component_of
from esphome_program import MARKS, SECRETS, esphome, validate
from framework_projects import content_of, need, render, run
from packaged import PHRASES, content

from wwtool.packages.esphome.component import COMPILED
from wwtool.packages.esphome.devices import device_names

pytestmark = MARKS
ALL_KEYS = """
  models:
    - model: hey_computer
      id: first
      probability_cutoff: 97%
      sliding_window_size: 4
    - model: good_night
      id: second
      internal: true
    - int
  vad:
    probability_cutoff: 0.5
  stop_after_detection: true
  microphone:
    microphone: mic
    gain_factor: 4
  on_wake_word_detected:
    - micro_wake_word.stop:
    - if:
        condition:
          - micro_wake_word.is_running:
          - micro_wake_word.model_is_enabled: first
        then:
          - micro_wake_word.disable_model: first
          - micro_wake_word.enable_model:
              id: second
    - lambda: |-
        id(first).set_probability_cutoff(217);
        ESP_LOGD("main", "%s", wake_word.c_str());
    - micro_wake_word.start:
"""


def rendered(folder: Path, *phrases: str) -> list[Path]:
    project = render(FORMAT, content(*phrases), folder)
    (project / "secrets.yaml").write_text(SECRETS)
    return [project / f"{device}.yaml" for device in device_names(COMPILED)]


def with_words(path: Path, section: str) -> Path:
    """The YAML of a device with another section micro_wake_word."""
    text = path.read_text(encoding="utf-8")
    start, end = text.index("\nmicro_wake_word:"), text.index("\nvoice_assistant:")
    path.write_text(f"{text[:start]}\nmicro_wake_word:\n  id: mww{section}{text[end:]}", encoding="utf-8")
    return path


def test_every_device_is_accepted_with_every_phrase(tmp_path: Path) -> None:
    files = [path for i, phrase in enumerate(PHRASES) for path in rendered(tmp_path / str(i), phrase)]
    files += rendered(tmp_path / "several", *PHRASES, "vad")
    assert len(files) == 4 * len(device_names(COMPILED))
    with ThreadPoolExecutor(2) as pool:
        assert [said for said in pool.map(validate, files) if said] == []


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        (
            "\n  models: [hey computer]\n",
            "'hey computer' is not the name of a compiled model; choose 'hey_computer' or",
        ),
        (
            "\n  models: [alexa]\n",
            "this component has no model 'alexa'; choose 'hey_computer' or 'good_night' or 'int'",
        ),
        ("\n  models: [hey_computer, hey_computer]\n", "the model 'hey_computer' is listed twice"),
        ("\n  models: [vad]\n", "'vad' only tells speech from the rest; put it under vad"),
        ("\n  models: []\n", "list a model"),
        ("\n  models: [int]\n  vad: {model: int}\n", "'int' does not tell speech from the rest; choose 'vad'"),
        ("\n  models: [{model: int, sliding_window_size: 33}]\n", "value must be at most 32"),
        ("\n  models: [{model: int, probability_cutoff: 1.1}]\n", "probability_cutoff"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(section: str, complaint: str, tmp_path: Path) -> None:
    project = render(FORMAT, content_of("esp32s3", "hey computer", "good night", "int", "vad"), tmp_path)
    (project / "secrets.yaml").write_text(SECRETS)
    said = validate(with_words(project / "devkitc.yaml", section))
    assert complaint in said
    assert "Traceback" not in said


def test_a_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = rendered(tmp_path, "hey computer")[0]
    (component_of(tmp_path) / "hey_computer.h").unlink(missing_ok=True)
    (component_of(tmp_path) / "model.h").unlink(missing_ok=True)
    said = validate(path)
    assert "is missing; copy the whole folder components/micro_wake_word again" in said
    assert "Traceback" not in said


def test_all_keys_actions_and_conditions_become_cplusplus_that_compiles(tmp_path: Path) -> None:
    need("g++")
    project = render(FORMAT, content_of("esp32s3", "hey computer", "good night", "int", "vad"), tmp_path / "project")
    (project / "secrets.yaml").write_text(SECRETS)
    with_words(project / "devkitc.yaml", ALL_KEYS)
    well, said = esphome("compile", "--only-generate", "devkitc.yaml", folder=project)
    assert well, said
    sources = project / ".esphome" / "build" / "ww-devkitc" / "src"
    component = sources / "esphome" / "components" / "micro_wake_word"
    ours = {path.name for path in component_of(project).iterdir() if path.suffix in (".c", ".cpp", ".h")}
    assert {path.name for path in component.iterdir()} == ours
    main = (sources / "main.cpp").read_text()
    assert 'WakeWordModel(0, 4, 247, "first", "hey computer", true, false)' in main
    assert 'WakeWordModel(1, 1, 1, "second", "good night", false, true)' in main
    assert "VADModel(3, 1, 127)" in main
    chip = ("-DUSE_ESP32", "-DUSE_ESP_IDF", "-DUSE_ESP32_VARIANT_ESP32S3")
    places = ("-isystem", str(sources), "-I", str(STAND_IN / "idf"))
    compiler = ("g++", "-std=gnu++20", "-fsyntax-only", *chip, *places)
    uses = project / "uses.cpp"
    uses.write_text(
        '#include "esphome/components/micro_wake_word/automation.h"\n'
        + "\n".join(
            f"template class esphome::micro_wake_word::{name}<>;"
            for name in ("StartAction", "StopAction", "IsRunningCondition", "EnableModelAction", "DisableModelAction",
                         "ModelIsEnabledCondition")
        )
    )  # fmt: skip
    for level in ("-DESPHOME_LOG_LEVEL=0", "-DESPHOME_LOG_LEVEL=5"):
        run(*compiler, level, "-Wall", "-Wextra", "-Werror", *component.glob("*.cpp"), uses, folder=project)
    # What Home Assistant needs of the component: ESPHome's own code that calls it.
    assistant = sources / "esphome" / "components" / "voice_assistant" / "voice_assistant.cpp"
    run(*compiler, "-w", "-DUSE_LWIP_FAST_SELECT", assistant, folder=project)
