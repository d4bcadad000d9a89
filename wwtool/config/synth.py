"""How much speech is synthesised, in which language, and by which programs."""

# ruff: noqa: RUF001 - phonetic letters look like others

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from wwtool.config.section import Section

PLACEHOLDERS = ("text", "output", "voice", "language", "rate")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}$")]
LANGUAGE = r"^[a-z]{2,3}(-[a-z0-9]+)*$"
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]


class CommandVoices(Section):
    """A program that speaks. It is run without a shell, once for each clip."""

    name: Name = Field(description="Name of the program's voices, in reports.")
    command: str = Field(
        min_length=1, max_length=1000,
        description="Program and arguments. `{text}`, `{output}` (the .wav to write), `{voice}`, `{language}` and "
        "`{rate}` (1 is normal) are filled in; without `{text}` the program reads the text from its standard input.",
    )  # fmt: skip
    voices: tuple[Name, ...] = Field(("default",), min_length=1, max_length=1000, description="Names of its voices.")
    languages: tuple[Language, ...] = Field(min_length=1, description="Languages that they speak, such as `de`.")
    licence: str = Field(
        "not stated", min_length=1, max_length=200, description="Licence of the voices, for the report."
    )

    @field_validator("command")
    @classmethod
    def _usable(cls, command: str) -> str:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"has a quotation mark that is not closed: {error}") from error
        fields = {field for word in words for field in re.findall(r"{(.*?)}", word)}
        if unknown := sorted(fields - set(PLACEHOLDERS)):
            raise ValueError(f"has {{{unknown[0]}}}, which is none of {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}")
        if not words or "{" in words[0]:
            raise ValueError("must begin with a program")
        if "output" not in fields:
            raise ValueError("needs {output}, the file that the program writes")
        return command


class SynthConfig(Section):
    """How much speech is synthesised."""

    language: str = Field("en-us", pattern=LANGUAGE, description="Language of the synthetic voices, such as `de`.")
    words: Path | None = Field(
        None,
        description="File with words of the language, one a line, for languages whose words wwtool does not have. The "
        "path is relative to the config file.",
    )
    positives: int = Field(4000, ge=50, le=100_000, description="Clips of the phrase for training.")
    near_misses: int = Field(
        4500, ge=50, le=100_000,
        description="Clips that sound like the phrase for training. More of them make similar words safer.",
    )  # fmt: skip
    sentence_hours: float = Field(
        3.2, ge=0.05, le=100.0, description="Hours of sentences without the phrase for training."
    )
    natural_positives: int = Field(
        600, ge=0, le=100_000,
        description="Clips of the phrase by natural voices, if any are installed. None: natural voices say nothing.",
    )  # fmt: skip
    natural_near_misses: int = Field(
        150, ge=0, le=100_000, description="Clips by natural voices that sound like the phrase."
    )
    natural_words: int = Field(
        0, ge=0, le=100_000,
        description="Clips of single words and names, half of them with the rhythm of the phrase, mostly by the "
        "fastest natural voices.",
    )  # fmt: skip
    natural_sentence_hours: float = Field(
        0.4, ge=0.0, le=100.0, description="Hours of sentences by natural voices, mostly by the fastest."
    )
    pronunciations: tuple[str, ...] = Field(
        (), max_length=20,
        description="More ways to say the phrase: IPA between slashes (`/ˈdʒɑːvɪs/`), or a spelling that sounds like "
        "it (`jar viss`). Each is heard as often as the voices' own.",
    )  # fmt: skip
    commands: tuple[CommandVoices, ...] = Field(
        (), max_length=20, description="Programs of your own that speak with natural voices."
    )
    seed: int = Field(1, ge=0, description="Seed of texts, voices and deliveries. Another seed gives other speech.")

    @model_validator(mode="after")
    def _different(self) -> SynthConfig:
        names = [command.name for command in self.commands]
        if len(set(names)) < len(names):
            raise ValueError("commands must have different names")
        return self
