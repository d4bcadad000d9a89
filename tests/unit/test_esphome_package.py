"""The folder for ESPHome: manifest, YAML for every device, and the clauses of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaged import PHRASES, PLAIN, UMLAUTS, content, random_tflite

from wwtool.errors import InputError
from wwtool.evaluation.detector import Detector, DetectorConfig
from wwtool.packages import FORMATS
from wwtool.packages.esphome.component import COMPILED
from wwtool.packages.esphome.contract import OPERATORS, broken_clause, require_contract
from wwtool.packages.esphome.devices import INTERPRETED, Runtime, device_names, device_text
from wwtool.packages.esphome.manifest import cutoff_of
from wwtool.packages.package_format import Content
from wwtool.platforms.load import load_platform
from wwtool.tflite.graph import Graph, Operator, Variable
from wwtool.tflite.reader import parse_model

ESPHOME = FORMATS["esphome"]
# Devices that are presets of the platform as well; the others have no profile.
PRESETS = {
    "devkitc": "devkitc", "box-3": "box-3", "atom-echo-s3r": "atom-echo-s3r", "atoms3-echo": "atoms3-echo",
    "xiao-sense": "xiao-sense",
}  # fmt: skip


class Loader(yaml.SafeLoader):
    """YAML with ESPHome's tags as plain text."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix} {node.value}")


def load(path: Path) -> dict[str, Any]:
    values = yaml.load(path.read_text(encoding="utf-8"), Loader)
    assert isinstance(values, dict)
    return values


def rendered(folder: Path, made_of: Content) -> Path:
    ESPHOME.check(made_of)
    ESPHOME.render(folder, made_of)
    return folder


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_file_says_what_it_should_for_every_phrase(tmp_path: Path, phrase: str) -> None:
    made_of = content(phrase)
    folder = rendered(tmp_path, made_of)
    manifest = json.loads((folder / f"{made_of.name}.json").read_text(encoding="utf-8"))
    assert manifest["wake_word"] == made_of.phrase == phrase
    assert manifest["trained_languages"] == ["de"]
    assert (folder / manifest["model"]).read_bytes() == random_tflite()
    assert {path.stem for path in folder.glob("*.yaml")} == set(device_names())
    for path in folder.glob("*.yaml"):
        model = {"model": f"{made_of.name}.json", "id": f"ww_{made_of.name}"}
        assert load(path)["micro_wake_word"]["models"] == [model], path
        assert "\t" not in path.read_text(encoding="utf-8")


KEYS = [
    "esphome", "esp32", "logger", "api", "ota", "wifi", "captive_portal", "i2s_audio", "microphone", "micro_wake_word",
    "voice_assistant",
]  # fmt: skip


@given(st.text(min_size=1, max_size=40), st.sampled_from([INTERPRETED, COMPILED]))
def test_any_name_gives_yaml_of_one_shape(phrase: str, runtime: Runtime) -> None:
    """Nothing in a phrase can end a comment or add a key."""
    values = yaml.load(device_text(replace(content(PLAIN), phrase=phrase), "devkitc", runtime), Loader)
    components = values.pop("external_components", None)
    assert list(values) == KEYS
    assert (components is None) == (runtime is INTERPRETED)
    assert values["micro_wake_word"]["models"][0]["model"] == f"hey_computer{runtime.ending}"


def test_pins_and_gains_are_those_of_the_platform(tmp_path: Path) -> None:
    folder, platform = rendered(tmp_path, content(PLAIN)), load_platform("esp32s3")
    for device, preset in PRESETS.items():
        values, microphone = load(folder / f"{device}.yaml"), platform.presets[preset].microphone
        bus, mic = values["i2s_audio"][0], values["microphone"][0]
        pins = {key: _number(bus[key]) for key in bus if key.endswith("_pin")} | {"din": _number(mic["i2s_din_pin"])}
        if microphone.interface == "pdm":
            assert (pins, mic["pdm"]) == ({"i2s_lrclk_pin": microphone.clk, "din": microphone.data}, True)
        else:
            wired = {"i2s_bclk_pin": microphone.bclk, "i2s_lrclk_pin": microphone.ws, "din": microphone.sd}
            assert pins == wired | ({} if microphone.mclk is None else {"i2s_mclk_pin": microphone.mclk})
            codec = microphone.codec
            if codec is not None:
                wires = values["i2c"][0]
                assert (_number(wires["sda"]), _number(wires["scl"])) == (codec.sda, codec.scl)
        assert values["micro_wake_word"]["microphone"]["gain_factor"] == 2 ** (microphone.gain_db // 6), device


def _number(pin: Any) -> int:
    return int(str(pin["number"] if isinstance(pin, dict) else pin).removeprefix("GPIO"))


def test_several_words_and_a_gate_share_a_yaml(tmp_path: Path) -> None:
    folder = rendered(tmp_path, content(PLAIN, UMLAUTS, "vad"))
    for device in device_names():
        section = load(folder / f"{device}.yaml")["micro_wake_word"]
        assert [model["model"] for model in section["models"]] == ["hey_computer.json", "gruss_dich_jurgen.json"]
        assert section["vad"] == {"model": "vad.json"}
    assert json.loads((folder / "vad.json").read_text())["wake_word"] == "vad"


@given(st.integers(1, 256), st.integers(1, 32), st.lists(st.integers(0, 255), min_size=40, max_size=80))
def test_the_cutoff_is_the_threshold_in_esphomes_rule(threshold: int, window: int, outputs: list[int]) -> None:
    """int(cutoff * 255) * window must be exceeded; the two rules differ only at an average of just the threshold."""
    config = DetectorConfig(average_window=window, on_threshold=threshold, off_threshold=1, warmup=0)
    steps = int(cutoff_of(config) * 255)
    assert steps == min(threshold, 254)
    detector = Detector(config)
    ours = [detector.step(value) for value in outputs]
    sums = [sum(outputs[max(0, i - window + 1) : i + 1]) for i in range(len(outputs))]
    theirs = next((i for i, total in enumerate(sums) if total > steps * window), None)
    tie = next((i for i, total in enumerate(sums) if total == threshold * window), None)
    if tie is None and threshold < 255:
        assert theirs == (ours.index(True) if any(ours) else None)


def test_votes_are_refused() -> None:
    with pytest.raises(InputError, match="ESPHome does not count votes"):
        ESPHOME.check(content(PLAIN, votes_needed=2, votes_window=3))


GRAPH = parse_model(random_tflite())
MANY = {key: Variable(key, np.zeros(1)) for key in ((b"", b"%d" % i) for i in range(21))}


def _operator(kind: str) -> Callable[[Graph], Graph]:
    return lambda g: replace(g, operators=(*g.operators, Operator(99, kind, (0,), (0,))))


def _tensor(index: int, **changes: Any) -> Callable[[Graph], Graph]:
    return lambda g: replace(g, tensors=[replace(t, **changes) if i == index else t for i, t in enumerate(g.tensors)])


SOURCE, RESULT = GRAPH.inputs[0], GRAPH.outputs[0]


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (_operator("SOFTMAX"), "operator 99 (SOFTMAX) is not one of the 20 operators"),
        (_operator("TRANSPOSE"), "operator 99 (TRANSPOSE)"),
        (_tensor(SOURCE, shape=(1, 3, 32)), "its input is int8 [1, 3, 32], and must be int8 [1, stride, 40]"),
        (_tensor(SOURCE, dtype="uint8"), "its input is uint8 [1, 3, 40]"),
        (_tensor(SOURCE, shape=(1, 300, 40)), "one inference takes 300 feature slices, and may take 255"),
        (_tensor(RESULT, dtype="int8"), "its output is int8 [1, 1], and must be uint8 [1, 1]"),
        (_tensor(RESULT, shape=(1, 2)), "its output is uint8 [1, 2]"),
        (lambda g: replace(g, outputs=(*g.outputs, 1)), "it has 1 inputs and 2 outputs"),
        (_tensor(1, is_variable=True), "it keeps state in a variable tensor"),
        (
            lambda g: replace(g, variables=MANY),
            "it has 21 resource variables, and may have 20",
        ),
    ],
)  # fmt: skip
def test_the_broken_clause_is_named(change: Callable[[Graph], Graph], clause: str) -> None:
    assert clause in str(broken_clause(change(GRAPH)))
    with pytest.raises(InputError, match="ESPHome's micro_wake_word cannot run hey computer"):
        require_contract(change(GRAPH), "hey computer")


def test_the_zoo_keeps_the_contract() -> None:
    assert broken_clause(GRAPH) is None
    assert {op.kind for op in GRAPH.operators} <= OPERATORS
