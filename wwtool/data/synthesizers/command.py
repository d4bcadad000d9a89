"""Any program as a synthesizer: the config has a template of its command (``synth.commands``)."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from wwtool.config.synth import CommandVoices
from wwtool.data.audio import Audio
from wwtool.data.synthesizers.interface import NaturalSynthesizer, Utterance, base_of
from wwtool.data.synthesizers.program import speak_with
from wwtool.errors import ToolError


class Command(NaturalSynthesizer):
    """The programs of a config."""

    name, title = "command", "programs of your own"
    install = "the key synth.commands of a config"
    licence = "each program has its own"
    speed = 5.0

    def __init__(self, commands: tuple[CommandVoices, ...]) -> None:
        self._commands = {command.name: command for command in commands}

    @classmethod
    def find(cls) -> Command | None:
        return None  # only a config has commands

    @property
    def speakers(self) -> Mapping[str, str]:
        return {
            f"{command.name}.{voice}": command.languages[0]
            for command in self._commands.values()
            for voice in command.voices
        }

    @property
    def licences(self) -> Mapping[str, str]:
        return {command.name: command.licence for command in self._commands.values()}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(repr(sorted(self._commands.items())).encode()).hexdigest()

    def voices(self, language: str) -> list[str]:
        base = base_of(language)
        return sorted(
            f"{command.name}.{voice}"
            for command in self._commands.values()
            if base in map(base_of, command.languages)
            for voice in command.voices
        )

    def speak(self, utterance: Utterance) -> Audio:
        name, voice = self._split(utterance.voice)
        command = self._commands[name]
        words = shlex.split(command.command)
        program = shutil.which(words[0])
        if program is None:
            raise ToolError(f"synth.commands: {words[0]} of {name} was not found; install it or give its whole path")
        values = {
            "text": utterance.text, "voice": voice, "language": utterance.accent or command.languages[0],
            "rate": f"{utterance.rate:.2f}",
        }  # fmt: skip

        def filled(output: Path) -> list[str | Path]:
            return [program, *(_fill(word, {**values, "output": str(output)}) for word in words[1:])]

        return speak_with(name, filled, None if "{text}" in command.command else utterance.text)

    def _split(self, voice: str) -> tuple[str, str]:
        for name, command in self._commands.items():
            rest = voice.removeprefix(f"{name}.")
            if rest != voice and rest in command.voices:
                return name, rest
        raise ToolError(f"synth.commands has no voice {voice!r}")


def _fill(word: str, values: Mapping[str, str]) -> str:
    """A word of a template with its placeholders filled in, each once: what is filled in is not looked through."""
    return re.sub(r"{(\w+)}", lambda match: values[match[1]], word)
