"""Audio files in and out: anything libsndfile reads becomes int16, 16 kHz, mono."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from wwtool.errors import InputError
from wwtool.files import write_bytes

SAMPLE_RATE_HZ = 16000
EXTENSIONS = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"})

Audio = npt.NDArray[np.int16]

_LONGEST_SECONDS = 6 * 3600  # a longer file would not fit memory comfortably
_UNKNOWN_LENGTH = 0x7FFFF000  # recorders that cannot seek back promise the most there is
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4000, 384_000


def read_audio(path: Path) -> Audio:
    """Reads a file of any rate and any number of channels.

    Raises:
        InputError: the file is missing, is not audio whatever its name says, is cut short, or holds nothing.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            _check_header(path, rate, file.frames)
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, RuntimeError) as error:
        raise InputError(f"cannot read {path}: {_reason(path, error)}; replace or remove the file") from error
    missing = _missing_bytes(path)
    if missing:
        raise InputError(f"{path} is cut short by {missing} bytes; replace or remove the file")
    if not len(samples):
        raise InputError(f"{path} holds no audio; remove it")
    if not np.isfinite(samples).all():
        raise InputError(f"{path} holds values that are not numbers; replace or remove the file")
    return to_int16(resample(samples.mean(axis=1), rate))


def resample(samples: npt.NDArray[np.float32], rate_hz: float) -> npt.NDArray[np.float32]:
    """To 16 kHz, high quality; a copy-free pass-through where nothing is to be done."""
    if rate_hz == SAMPLE_RATE_HZ or not samples.size:
        return samples
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)


def to_int16(samples: npt.NDArray[np.float32]) -> Audio:
    """Full scale +-1 to int16, rounded and clipped."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), np.int16)


def encode(audio: Audio, extension: str) -> bytes:
    """A .wav or .flac file's bytes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, SAMPLE_RATE_HZ, format=extension.removeprefix(".").upper(), subtype="PCM_16")
    return buffer.getvalue()


def write_audio(path: Path, audio: Audio) -> None:
    """Writes .wav or .flac by the name's ending; the file appears complete or not at all."""
    if path.suffix not in (".wav", ".flac"):
        raise ValueError(f"audio is written as .wav or .flac, not {path.suffix!r}")
    write_bytes(path, encode(audio, path.suffix))


def audio_files(folder: Path) -> list[Path]:
    """Audio files at any depth, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in EXTENSIONS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _check_header(path: Path, rate_hz: int, frames: int) -> None:
    if not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
        raise InputError(f"{path} has a sample rate of {rate_hz} Hz; convert it to 16000 Hz")
    if frames > _LONGEST_SECONDS * rate_hz:
        hours = frames / rate_hz / 3600
        raise InputError(f"{path} lasts {hours:.0f} h; cut it into pieces of at most {_LONGEST_SECONDS // 3600} h")


def _missing_bytes(path: Path) -> int:
    """How much of a .wav file's samples its header promises and the file lacks; libsndfile reads on without a word."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(12)[:4] != b"RIFF":
            return 0
        while len(header := file.read(8)) == 8:
            promised = int.from_bytes(header[4:], "little")
            if header[:4] == b"data":
                missing = file.tell() + promised - size
                return missing if missing > 0 and promised < _UNKNOWN_LENGTH else 0
            file.seek(promised + promised % 2, io.SEEK_CUR)
    return 0


def _reason(path: Path, error: Exception) -> str:
    if not path.exists():
        return "it does not exist"
    if not path.is_file():
        return "it is not a file"
    if path.stat().st_size == 0:
        return "it is empty"
    return str(getattr(error, "error_string", "") or getattr(error, "strerror", "") or error).strip().rstrip(".")
