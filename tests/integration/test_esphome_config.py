"""ESPHome itself accepts every YAML of the package."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from esphome_program import MARKS, SECRETS, validate
from packaged import PHRASES, content

from wwtool.packages import FORMATS
from wwtool.packages.esphome.devices import device_names

# Stands for the packages that a YAML takes from GitHub, which the test does not reach: their board and microphone.
STAND_IN = """
esphome: {name: stand-in}
esp32: {board: esp32-s3-devkitc-1, variant: esp32s3, flash_size: 16MB, framework: {type: esp-idf}}
i2s_audio: {i2s_bclk_pin: GPIO8, i2s_lrclk_pin: GPIO7}
microphone: {platform: i2s_audio, id: mics, adc_type: external, i2s_din_pin: GPIO15, channel: left, sample_rate: 16000}
micro_wake_word: {id: mww, models: [], microphone: {microphone: mics}}
"""

pytestmark = MARKS


def without_network(path: Path) -> None:
    """Puts the stand-in in the place of packages from elsewhere."""
    text = path.read_text(encoding="utf-8")
    if "\npackages:" not in text:
        return
    head, rest = text.split("\npackages:", 1)
    rest = rest[rest.index("\n\n") :]
    path.write_text(f"{head}\npackages: {{device: !include stand-in.yaml}}{rest}", encoding="utf-8")
    (path.parent / "stand-in.yaml").write_text(STAND_IN)


def rendered(folder: Path, *phrases: str) -> list[Path]:
    folder.mkdir()
    made_of = content(*phrases)
    FORMATS["esphome"].render(folder, made_of)
    (folder / "secrets.yaml").write_text(SECRETS)
    files = [folder / f"{device}.yaml" for device in device_names()]
    for path in files:
        without_network(path)
    return files


def test_every_device_is_accepted_with_every_phrase(tmp_path: Path) -> None:
    files = [path for i, phrase in enumerate(PHRASES) for path in rendered(tmp_path / str(i), phrase)]
    with ThreadPoolExecutor(2) as pool:
        assert [said for said in pool.map(validate, files) if said] == []


def test_several_words_and_a_gate_are_accepted(tmp_path: Path) -> None:
    files = rendered(tmp_path / "several", *PHRASES, "vad")
    assert validate(next(path for path in files if path.stem == "box-3")) == ""


def test_a_fault_is_seen(tmp_path: Path) -> None:
    path = rendered(tmp_path / "fault", PHRASES[0])[0]
    manifest = next(path.parent.glob("hey*.json"))
    manifest.write_text(manifest.read_text().replace('"version": 2', '"version": 3'))
    assert "nvalid" in validate(path)
