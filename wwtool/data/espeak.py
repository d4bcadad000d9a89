"""espeak-ng through its C library: speech, and text to phonemes.

The library keeps its state in globals, so a process has one instance, guarded by a lock. The same request gives the
same samples, whatever came before: it sets everything that it depends on. No call resets the phase of the voice's
flutter, so every utterance starts with a freshly loaded library (a third of a millisecond).
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import re
import sys
from functools import cache
from pathlib import Path
from threading import Lock

import espeakng_loader
import numpy as np

from wwtool.base.temporary import TemporaryFolder
from wwtool.data.audio import Audio, resample, to_int16
from wwtool.errors import InputError, ToolError

# espeak-ng/speak_lib.h
_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PHONEMES_IPA = 0x02
_PHONEMES_IN_BRACKETS = 0x100
_POSITION_CHARACTER = 1
_RATE, _VOLUME, _PITCH, _RANGE, _PUNCTUATION, _CAPITALS, _WORD_GAP = 1, 2, 3, 4, 5, 6, 7
_FIXED_PARAMETERS = {_VOLUME: 100, _PUNCTUATION: 0, _CAPITALS: 0, _WORD_GAP: 0}
_LONGEST_PATH = 150  # espeak-ng keeps the path of its data in 160 bytes (N_PATH_HOME in speech.h)

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

# A voice writes this between phonemes where it switches to another language and back.
_LANGUAGE_SWITCH = re.compile(r"\([a-z][a-z0-9-]*\)")

# These are effects rather than voices.
_ODD_VARIANTS = ("Demonic", "whisper", "robosoft", "anikaRobot", "UniRobot", "croak", "fast", "Mr serious")
# This accent is written in another script than the other accents of its language.
_ODD_ACCENTS = frozenset({"en-shaw"})


class _Library:
    """The loaded library; use through ``_library()`` and under ``lock``."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._callback = _Callback(self._receive)  # must live as long as the library
        self._pieces: list[Audio] = []
        self._c_runtime = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        self._load()

    def _load(self) -> None:
        self._voice = ""
        try:
            self.c = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise ToolError(f"espeak-ng cannot be loaded ({error}); reinstall espeakng-loader") from error
        data = str(_data_folder())
        self.sample_rate_hz = self.c.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
        if self.sample_rate_hz <= 0:
            raise ToolError(f"espeak-ng does not find its data in {data}; reinstall espeakng-loader")
        self.c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.c.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        self.c.espeak_SetSynthCallback(self._callback)

    def reload(self) -> None:
        """Resets everything that the library remembers."""
        self.c.espeak_Terminate()
        handle = self.c._handle
        if sys.platform == "win32":
            _ctypes.FreeLibrary(handle)
        else:
            _ctypes.dlclose(handle)
        self._load()
        # Breath noise comes from one of these two generators.
        self._c_runtime.srand(1)
        self.c.espeak_ng_SetRandSeed(ctypes.c_long(1))

    def set_voice(self, voice: str) -> None:
        """Loads a voice unless it is loaded: a large dictionary takes milliseconds."""
        if voice == self._voice:
            return
        accent, plus, variant = voice.partition("+")
        name = _voice_names().get(accent.lower())
        if name is None or self.c.espeak_SetVoiceByName(f"{name}{plus}{variant}".encode()) != 0:
            raise InputError(f"espeak-ng has no voice {voice!r}; use a language such as en-us, or en-us+f3")
        self._voice = voice

    def synthesize(self, text: str, flags: int = 0) -> Audio:
        encoded = text.encode()
        self._pieces.clear()
        status = self.c.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded) + 1), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8 | flags, None, None
        )
        self.c.espeak_Synchronize()
        if status != 0:
            raise ToolError(f"espeak-ng failed on {text!r} (status {status})")
        return np.concatenate([np.zeros(0, np.int16), *self._pieces])

    def _receive(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).astype(np.int16))
        return 0


@cache
def _library() -> _Library:
    return _Library()


def say(
    text: str, voice: str = "en-us", *, words_per_minute: int = 170, pitch: int = 50, range_: int = 50,
    mnemonics: bool = False,
) -> Audio:  # fmt: skip
    """Speaks a text; returns int16 at 16 kHz.

    Args:
        text: the text.
        voice: a language or accent, and a variant of it: ``en-us``, ``en-gb-scotland+f3``.
        words_per_minute: 80 to 450.
        pitch: 0 to 99.
        range_: how far the pitch moves, 0 to 99.
        mnemonics: the text has espeak-ng's own names of phonemes between ``[[`` and ``]]``.
    """
    library = _library()
    parameters = {_RATE: words_per_minute, _PITCH: pitch, _RANGE: range_, **_FIXED_PARAMETERS}
    with library.lock:
        library.reload()
        library.set_voice(voice)
        for parameter, value in parameters.items():
            library.c.espeak_SetParameter(parameter, value, 0)
        samples = library.synthesize(text, _PHONEMES_IN_BRACKETS if mnemonics else 0)
    return to_int16(resample(samples.astype(np.float32) / np.float32(32768.0), library.sample_rate_hz))


def phonemes(text: str, accent: str = "en-us") -> list[list[str]]:
    """IPA phonemes of each word, stress marks included: ``[["h", "ˈeɪ"], ["k", "ə", "m", ...]]``."""
    return _transcribe(text, accent, _PHONEMES_IPA)


def mnemonics(text: str, accent: str = "en-us") -> list[list[str]]:
    """As ``phonemes``, with espeak-ng's own names of phonemes, which ``say`` reads between brackets."""
    return _transcribe(text, accent, 0)


def _transcribe(text: str, accent: str, alphabet: int) -> list[list[str]]:
    library = _library()
    mode = alphabet | ord("_") << 8
    words: list[list[str]] = []
    with library.lock:
        library.set_voice(accent)
        rest = ctypes.c_char_p(text.encode())
        while rest.value:
            clause = library.c.espeak_TextToPhonemes(ctypes.byref(rest), _CHARS_UTF8, mode) or b""
            words += [[p for p in _LANGUAGE_SWITCH.sub("", word).split("_") if p] for word in clause.decode().split()]
    return [word for word in words if word]


@cache
def accents(language: str) -> tuple[str, ...]:
    """A language and its other accents, ``language`` first; empty if espeak-ng does not speak it."""
    names = _voice_names()
    language = language.lower()
    if language not in names:
        return ()
    base = language.split("-")[0]
    files = {file.rpartition("/")[2] for file in names.values() if file != names[language]}
    return (language, *sorted(name for name in files - _ODD_ACCENTS if name.split("-")[0] == base))


@cache
def languages() -> tuple[str, ...]:
    """The languages that espeak-ng speaks, without their regions."""
    return tuple(sorted({file.rpartition("/")[2].partition("-")[0] for file in _voice_names().values()}))


@cache
def variants() -> tuple[str, ...]:
    """Names of the voice variants that sound like people."""
    folder = _original_data() / "voices" / "!v"
    return tuple(sorted(path.name for path in folder.iterdir() if not path.name.startswith(_ODD_VARIANTS)))


@cache
def _voice_names() -> dict[str, str]:
    """From each language and voice name, in lower case, to the voice's file below ``lang``, in lower case.

    Of several voices of a language, the one that puts it highest: a small number after the language, 5 where there is
    none, as espeak-ng has it. A voice without its dictionary says nothing, so it is left out.
    """
    names: dict[str, tuple[int, str]] = {}
    folder = _original_data() / "lang"
    files: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        lines = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
        spoken = [(words[1].lower(), _rank(words[2:])) for words in lines if len(words) > 1 and words[0] == "language"]
        dictionary = next((w[1] for w in lines if len(w) > 1 and w[0] == "dictionary"), path.name.partition("-")[0])
        if (_original_data() / f"{dictionary.lower()}_dict").is_file():
            files.append(path.relative_to(folder).as_posix().lower())
            for language, rank in spoken:
                names[language] = min(names.get(language, (rank, files[-1])), (rank, files[-1]))
    return {language: file for language, (_, file) in names.items()} | {name.rpartition("/")[2]: name for name in files}


def _rank(words: list[str]) -> int:
    return int(words[0]) if words and words[0].isdigit() else 5


def _original_data() -> Path:
    return Path(espeakng_loader.get_data_path())


@cache
def _data_folder() -> Path:
    """espeak-ng's data, with the names of voice files in lower case if links can be made.

    espeak-ng looks for a voice's file under its name in lower case. Half of the files have capitals; for these it reads
    all three hundred voice files, which takes longer than speaking a word. Where the temporary directory has too long a
    path for espeak-ng, its own folder is used, slowly.
    """
    original = _original_data()
    temporary = TemporaryFolder("espeak-data")
    folder = temporary.path
    if len(os.fsencode(folder)) > _LONGEST_PATH:
        temporary.close()
        return original
    try:
        for path in original.iterdir():
            if path.name != "lang":
                (folder / path.name).symlink_to(path)
        for path in (original / "lang").rglob("*"):
            if path.is_file():
                link = folder / "lang" / path.relative_to(original / "lang").as_posix().lower()
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
    except OSError:
        return original
    return folder
