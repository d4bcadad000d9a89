"""What a package is made of, read from finished builds, runs and models; the other half of ``wwtool export``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.files import hash_of
from wwtool.base.records import MANIFEST, read_manifest
from wwtool.base.text import printable, safe_identifier
from wwtool.data.texts.phrases import printable_phrase
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.streaming_form import streaming_form
from wwtool.export.thinning import without_pruned_channels
from wwtool.firmware.builds import read_build
from wwtool.models.ready import ready_model
from wwtool.packages.compiling import compile_for
from wwtool.packages.esphome.foreign import read_settings
from wwtool.packages.package_format import Content
from wwtool.pipeline.evaluation import find_subject
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model, read_model

_LONGEST_STEM = 35  # a prefix has at most 40 characters (compiler/emit/naming.py)


@dataclass(frozen=True)
class Word:
    """A model, and what it takes to detect with it.

    Attributes:
        tflite: the model file.
        phrase: the wake word.
        detector: when outputs of the model count as a detection.
        language: the language of the phrase.
        platform: what it was built for; None if that is not known.
    """

    tflite: bytes
    phrase: str
    detector: DetectorConfig
    language: str = "en"
    platform: Platform | None = None

    @property
    def name(self) -> str:
        """The stem of its files."""
        return safe_identifier(self.phrase)


def read_word(source: Path, phrase: str | None = None) -> Word:
    """The wake word of a build, a run or a ready model; ``phrase`` wins over what it says.

    Raises:
        UsageError: a run does not say its phrase, and there is none in the request.
        InputError: the folder holds no finished model.
    """
    ready = ready_model(source)
    if ready is not None:
        return read_foreign(ready.model, ready.settings, phrase)
    subject = find_subject(source)
    if subject.detector is None:
        raise UsageError(
            f"{printable(str(source))} says nothing of a detector; give a build or a run with an evaluation, or say "
            "with --manifest how to detect"
        )
    tflite = subject.model.read_bytes()
    if (source / MANIFEST).is_file():
        build, language = read_build(source), _language(source)
        return Word(tflite, phrase or build.phrase, subject.detector, language, build.platform)
    if phrase is None:
        raise UsageError(f"{printable(str(source))} is a run, which does not say its wake word; name it with --phrase")
    return Word(tflite, printable_phrase(phrase), subject.detector)


def read_foreign(model: Path, settings: Path, phrase: str | None = None) -> Word:
    """The wake word of a .tflite that others have trained, with ESPHome's manifest or a YAML of one's own.

    A model that reads a whole window, or has several outputs, is brought to the form that firmware runs.

    Raises:
        InputError: the file or the model cannot be used, or the manifest is another model's.
    """
    told = read_settings(settings)
    if told.model is not None and told.model.resolve() != model.resolve():
        raise InputError(
            f"{settings} is the manifest of {told.model.name}, not of {model.name}; give the model that it names, or "
            "its own manifest"
        )
    content = streaming_form(read_content(model), str(model), told.front_end, told.slices, told.output)
    with suppress(InputError):  # what LiteRT cannot run stays as it is
        content = without_pruned_channels(content)
    detector = told.detector_of(parse_model(content, str(model)))
    return Word(content, phrase or told.phrase, detector, told.language)


def read_content(model: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        InputError: it cannot be read.
    """
    read_model(model)  # refuses what is missing, endless or no .tflite
    return model.read_bytes()


def _language(build: Path) -> str:
    try:
        return str(read_manifest(build)["inputs"]["config"]["synth"]["language"])
    except (KeyError, TypeError):
        return Word.language


def content_of(platform: Platform, words: Sequence[Word]) -> Content:
    """The content of a package for a platform, with every word in it.

    Raises:
        UsageError: two words have one name.
        InputError: a model cannot be compiled.
    """
    names = [word.name for word in words]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two of the models listen for {name}; give each wake word once")
    first, *others = [_one(platform, word, prefix_of(word.name) if len(words) > 1 else None) for word in words]
    return Content(**{**vars(first), "beside": tuple(others)})


def prefix_of(name: str) -> str:
    """What begins the names of a model's C, where several share a program. It means nothing else in C.

    >>> prefix_of("hey_jarvis"), prefix_of("int")
    ('word_hey_jarvis', 'word_int')
    """
    plain = re.sub("_+", "_", name).strip("_")
    if len(plain) > _LONGEST_STEM:
        plain = f"{plain[: _LONGEST_STEM - 9].strip('_')}_{hash_of(name)[:8]}"
    return f"word_{plain}"


def _one(platform: Platform, word: Word, prefix: str | None) -> Content:
    compiled = compile_for(platform, parse_model(word.tflite), word.name, prefix)
    return Content(platform, compiled, word.tflite, word.phrase, word.detector, word.name, word.language)


def platform_of(words: Sequence[Word]) -> Platform:
    """The platform that the words were built for.

    Raises:
        UsageError: nothing says which, or they differ.
    """
    platforms = {word.platform.name: word.platform for word in words if word.platform is not None}
    if not platforms:
        raise UsageError("nothing says which board the package is for; name it with --platform")
    if len(platforms) > 1:
        raise UsageError(f"the builds are for {' and '.join(sorted(platforms))}; choose one with --platform")
    return next(iter(platforms.values()))
