"""Piper, clips, commands and hibari: what their voices are, and what they refuse."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from wwtool.config import parse_config
from wwtool.config.synth import CommandVoices
from wwtool.data import casting
from wwtool.data.audio import write_audio
from wwtool.data.installed_voices import VoiceDescription, describe_files, write_description
from wwtool.data.synthesizers import onnx_session
from wwtool.data.synthesizers.clips import Clips
from wwtool.data.synthesizers.command import Command
from wwtool.data.synthesizers.hibari import Hibari
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.synthesizers.piper import Piper
from wwtool.data.synthesizers.registry import installed_synthesizers
from wwtool.errors import InputError, ToolError

RATE = 16000
LETTERS = [*"_^$ !,.?abcdefghijklmnopqrstuvwxyz", "\u0259", "\u02c8", "\u02d0", "\u027e", "\u025a"]


class FakeSession:
    """Speaks 100 samples for each number, in the pitch of the speaker."""

    runs: tuple[Mapping[str, Any], ...] = ()

    def __init__(self, path: Path, seed: int | None = None) -> None:
        assert path.is_file() and seed is not None and 0 <= seed < 2**31
        self.seed, self.inputs = seed, {"input", "input_lengths", "scales", "sid"}

    def run(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        FakeSession.runs = (*FakeSession.runs, inputs)
        random = np.random.default_rng(self.seed)
        samples = int(100 * inputs["input_lengths"][0] * inputs["scales"][1])
        return [random.normal(0, 0.1, (1, 1, 1, samples)).astype(np.float32)]


def install(home: Path, name: str, engine: str, files: list[str], language: str = "en-us") -> None:
    folder = home / "voices" / name
    write_description(
        folder,
        VoiceDescription(
            name=name, engine=engine, title=name, languages=(language,), speakers=1, licence="CC0-1.0", source="here",
            files=describe_files(folder, files),
        ),
    )  # fmt: skip


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path))
    monkeypatch.setattr(onnx_session, "is_installed", lambda: True)
    monkeypatch.setattr(onnx_session, "OnnxSession", FakeSession)
    FakeSession.runs = ()
    return tmp_path


def add_piper(home: Path, name: str, speakers: int, **changes: Any) -> None:
    settings: dict[str, Any] = {
        "audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"}, "num_speakers": speakers,
        "inference": {"noise_scale": 0.3, "length_scale": 1.5, "noise_w": 0.2},
        "phoneme_id_map": {letter: [number] for number, letter in enumerate(LETTERS)},
    }  # fmt: skip
    folder = home / "voices" / name
    folder.mkdir(parents=True)
    (folder / "voice.onnx").write_bytes(b"weights")
    (folder / "voice.onnx.json").write_text(json.dumps(settings | changes))
    install(home, name, "piper", ["voice.onnx", "voice.onnx.json"])


def test_piper_has_every_speaker_of_every_voice(home: Path) -> None:
    add_piper(home, "many", 904)
    add_piper(home, "one", 1)
    piper = Piper.find()
    assert piper is not None and len(piper.voices("en-gb")) == 905 and piper.voices("de") == []
    assert {"one", "many.0", "many.903"} <= set(piper.speakers)
    assert piper.licences == {"many": "CC0-1.0", "one": "CC0-1.0"}
    assert len(casting.held_out_voices(piper)) == 181


def test_piper_reads_phones_with_pads_and_goes_at_the_rate(home: Path) -> None:
    add_piper(home, "many", 3)
    piper = Piper.find()
    assert piper is not None
    said = Utterance("me!", "piper", "many.2", accent="en-us")
    clip = piper.speak(said)
    np.testing.assert_array_equal(clip, piper.speak(said))
    fast = piper.speak(Utterance("me!", "piper", "many.2", accent="en-us", rate=2.0))
    assert len(clip) == pytest.approx(2 * len(fast), abs=2) and not np.array_equal(clip[:100], fast[:100])
    run = FakeSession.runs[0]
    letters = [LETTERS[number] for number in run["input"][0]]
    assert letters[:2] == ["^", "_"] and letters[-1] == "$" and run["sid"].tolist() == [2]
    assert "".join(letters[2:-1:2]) == "m\u02c8i\u02d0!" and set(letters[3:-1:2]) == {"_"}
    assert run["scales"] == pytest.approx([0.3, 1.5, 0.2])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"phoneme_id_map": {}}, "phoneme_id_map"),
        ({"audio": {"sample_rate": "loud"}}, "audio.sample_rate"),
        ({"phoneme_type": "pinyin"}, "reads 'pinyin'"),
    ],
)
def test_settings_that_are_none_are_refused(home: Path, changes: dict[str, Any], complaint: str) -> None:
    add_piper(home, "odd", 1, **changes)
    piper = Piper.find()
    assert piper is not None
    with pytest.raises(InputError, match=complaint):
        piper.voices("en-us")


def test_a_voice_says_so_if_it_knows_no_phone(home: Path) -> None:
    add_piper(home, "silent", 1, phoneme_id_map={str(number): [number] for number in range(10)})
    piper = Piper.find()
    assert piper is not None
    with pytest.raises(ToolError, match="knows none of its phones"):
        piper.speak(Utterance("hey", "piper", "silent"))


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9000, 9000, 8000).astype(np.int16)


def test_clips_say_what_their_index_or_their_name_says(home: Path) -> None:
    for speaker in range(4):
        write_audio(home / f"voices/hey-computer/clips/speaker {speaker}/1.wav", noise(speaker))
    install(home, "hey-computer", "clips", ["clips/"])
    for number in range(3):
        write_audio(home / f"voices/mixed/clips/{number}.flac", noise(10 + number))
    (home / "voices/mixed/clips/index.csv").write_text("path,text\n0.flac,Jarvis!\n1.flac,jarvis\n2.flac,stop\n")
    install(home, "mixed", "clips", ["clips/"])
    clips = Clips.find()
    assert clips is not None and len(clips.voices("en-us")) == 5
    named = [voice for voice in clips.speakers if clips.can_say(voice, "Hey, computer?")]
    assert len(named) == 4 and clips.can_say("mixed", "jarvis?") and not clips.can_say("mixed", "computer")
    heard = {clips.speak(Utterance("jarvis!", "clips", "mixed", rate=rate)).tobytes() for rate in (1.0, 1.1, 1.2, 1.3)}
    assert heard == {noise(10).tobytes(), noise(11).tobytes()}
    with pytest.raises(ToolError, match="no clip"):
        clips.speak(Utterance("computer", "clips", "mixed"))


def test_only_voices_that_can_say_a_text_are_cast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_audio(home / "voices/jarvis/clips/1.wav", noise(1))
    install(home, "jarvis", "clips", ["clips/"])
    monkeypatch.setattr(casting, "synthesizers", lambda _=(): {"clips": Clips.find()})
    casting.held_out_voices.cache_clear()
    utterances = casting.natural_cast(held_out=False)(["jarvis!", "harvest", "jarvis"], "en-us", Random(1))
    assert [utterance.text for utterance in utterances] == ["jarvis!", "jarvis"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    script = tmp_path / "say.py"
    script.write_text(
        "import sys, wave\n"
        "output, text = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else sys.stdin.read()\n"
        "with wave.open(output, 'wb') as file:\n"
        "    file.setparams((1, 2, 16000, 0, 'NONE', ''))\n"
        "    file.writeframes(b'\\x00\\x10' * 100 * len(text))\n"
    )
    return script


def test_a_command_is_run_without_a_shell(program: Path) -> None:
    given = CommandVoices(
        name="mine", command=f"{sys.executable} {program} {{output}} {{text}}", languages=("de", "en-us")
    )
    read = CommandVoices(
        name="other", command=f"{sys.executable} {program} {{output}}", languages=("fr",), licence="MIT"
    )
    command = Command((given, read))
    assert command.voices("en-gb") == ["mine.default"] and command.voices("fr") == ["other.default"]
    assert command.licences == {"mine": "not stated", "other": "MIT"}
    text = "$(touch /tmp/no) `id` ; {voice} 'x'"
    assert len(command.speak(Utterance(text, "command", "mine.default"))) == 100 * len(text)
    assert len(command.speak(Utterance("bonjour", "command", "other.default"))) == 700
    with pytest.raises(ToolError, match="no voice 'mine"):
        command.speak(Utterance("hey", "command", "mine.x"))
    gone = Command((CommandVoices(name="gone", command="no-such-program {output}", languages=("de",)),))
    with pytest.raises(ToolError, match="no-such-program of gone was not found"):
        gone.speak(Utterance("hey", "command", "gone.default"))
    assert "command" in installed_synthesizers((given,)) and Command.find() is None


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("tts {text}", "needs {output}"),
        ("tts {output} {txet}", "{txet}, which is none of"),
        ("tts '{output}", "not closed"),
        ("{output} {text}", "must begin with a program"),
    ],
)
def test_a_template_that_cannot_work_is_refused(command: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        parse_config({"synth": {"commands": [{"name": "x", "command": command, "languages": ["de"]}]}}, "config")


def test_hibari_speaks() -> None:
    hibari = Hibari.find()
    if hibari is None:
        pytest.skip("hibari-tts is not installed")
    assert "heart" in hibari.voices("en-us") and hibari.voices("de") == []
    said = Utterance("hey computer", "hibari", "heart", accent="en-us")
    clip = hibari.speak(said)
    np.testing.assert_array_equal(clip, hibari.speak(said))
    loud = np.flatnonzero(np.abs(clip.astype(int)) > 500)
    assert 0.4 < (loud[-1] - loud[0]) / RATE < 1.6 and 3000 < np.abs(clip.astype(int)).max() < 32767
