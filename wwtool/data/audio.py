"""Reads and writes audio files: whatever libsndfile can read becomes int16, 16 kHz, mono.

A file is decoded, mixed and resampled in blocks, so that long files and many channels cost time but not memory.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from wwtool.base.file_kinds import HEAD_BYTES, kind_of, kind_of_file
from wwtool.base.files import write_bytes
from wwtool.base.text import for_shell, printable
from wwtool.data.containers import missing_bytes
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

MOST_SAMPLES = 1 << 31  # of all channels, before or after resampling: 6 h of stereo at 48 kHz, 37 h of mono at 16 kHz

Audio = npt.NDArray[np.int16]

_UNREADABLE = (soundfile.SoundFileError, OSError, ValueError, RuntimeError)
_HEADERLESS = (".raw", ".pcm", ".vox")
_BLOCK_SAMPLES = 1 << 20  # of all channels
_CUT_SHORT = 0.9  # a file with less of its stated length is cut short; compressed files state it roughly
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4000, 384_000


@dataclass(frozen=True)
class AudioFile:
    """A file as blocks of audio; every iteration reads it again."""

    path: Path

    def __iter__(self) -> Iterator[Audio]:
        return audio_blocks(self.path)


def audio_blocks(path: Path) -> Iterator[Audio]:
    """Reads a file of any rate and any number of channels, in blocks of a few megabytes at most.

    Raises:
        InputError: the file is missing, is not audio, is cut short, too long, or empty. Blocks that were yielded before
            must not be used then.
    """
    with _opened(path) as file:
        rate, channels, promised = file.samplerate, file.channels, file.frames
        has_length = promised < MOST_SAMPLES << 8  # libsndfile states the largest number if it knows none
        _check_rate(path, rate)
        _check_length(path, promised if has_length else 0, channels, rate)
        missing = missing_bytes(path)
        if missing:
            raise InputError(f"{_shown(path)} is cut short by {missing} bytes; replace or remove the file")
        frames = 0
        for block in resample_blocks(_mono_blocks(path, file), rate):
            frames += len(block)
            _check_length(path, frames * rate // SAMPLE_RATE_HZ, channels, rate)
            if len(block):
                yield to_int16(block)
        if not frames:
            raise InputError(f"{_shown(path)} holds no audio; remove it")
        if has_length and frames * rate / SAMPLE_RATE_HZ < _CUT_SHORT * promised:
            seconds = promised / rate - frames / SAMPLE_RATE_HZ
            raise InputError(f"{_shown(path)} is cut short by {seconds:.1f} s; replace or remove the file")


def read_audio(path: Path, most_seconds: float | None = None) -> Audio:
    """Reads a whole file, or its first seconds.

    Raises:
        InputError: see ``audio_blocks``.
    """
    most = None if most_seconds is None else int(most_seconds * SAMPLE_RATE_HZ)
    blocks: list[Audio] = []
    for block in audio_blocks(path):
        blocks.append(block)
        if most is not None and sum(map(len, blocks)) >= most:
            break
    return blocks[0][:most] if len(blocks) == 1 else np.concatenate(blocks)[:most]


def audio_pieces(path: Path, seconds: float) -> Iterator[Audio]:
    """A whole file in pieces of ``seconds``; the last piece also has a rest of less than one second.

    Raises:
        InputError: see ``audio_blocks``.
    """
    size = int(seconds * SAMPLE_RATE_HZ)
    rest = np.zeros(0, np.int16)
    for block in audio_blocks(path):
        rest = np.concatenate([rest, block])
        while len(rest) >= size + SAMPLE_RATE_HZ:
            yield rest[:size]
            rest = rest[size:]
    yield rest


def resample_blocks(blocks: Iterable[npt.NDArray[np.float32]], rate_hz: float) -> Iterator[npt.NDArray[np.float32]]:
    """Resamples blocks to 16 kHz at high quality; the values are those of the whole clip at once."""
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
    for block in blocks:
        yield np.asarray(stream.resample_chunk(block), np.float32)
    yield np.asarray(stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)


def resample(samples: npt.NDArray[np.float32], rate_hz: float) -> npt.NDArray[np.float32]:
    """Like ``resample_blocks``, for a whole clip."""
    if rate_hz == SAMPLE_RATE_HZ or not samples.size:
        return samples
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)


def to_int16(samples: npt.NDArray[np.float32]) -> Audio:
    """Samples from -1 to 1 as int16, rounded and clipped."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), np.int16)


def encode(audio: Audio, extension: str) -> bytes:
    """The bytes of a .wav or .flac file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, SAMPLE_RATE_HZ, format=extension.removeprefix(".").upper(), subtype="PCM_16")
    return buffer.getvalue()


def write_audio(path: Path, audio: Audio) -> None:
    """Writes .wav or .flac, as the name's ending says; the file appears complete or not at all."""
    if path.suffix not in (".wav", ".flac"):
        raise ValueError(f"audio is written as .wav or .flac, not {path.suffix!r}")
    write_bytes(path, encode(audio, path.suffix))


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from start to end. soundfile seeks after every read, which some files cannot."""

    def seekable(self) -> bool:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[_ForwardFile]:
    _check_file(path)
    try:
        # libsndfile does not get the name: it may not be UTF-8, and its ending proves nothing.
        raw = path.open("rb", buffering=0)
    except OSError as error:
        raise InputError(_unreachable(path, (error.strerror or str(error)).lower())) from error
    with raw:
        try:
            kind = kind_of(raw.read(HEAD_BYTES))
            if kind is not None and kind.sound == "convert":  # libsndfile reads MIDI dumps and prints to the terminal
                raise InputError(_refusal(path, None))
            raw.seek(0)
            file = _ForwardFile(raw.fileno(), closefd=False)
        except _UNREADABLE as error:
            raise InputError(_refusal(path, error)) from error
        with file:
            yield file


def _mono_blocks(path: Path, file: _ForwardFile) -> Iterator[npt.NDArray[np.float32]]:
    count = max(1, _BLOCK_SAMPLES // file.channels)
    while True:
        try:
            block = file.read(count, dtype="float32", always_2d=True)
        except _UNREADABLE as error:
            raise InputError(_refusal(path, error)) from error
        if not len(block):
            return
        if not np.isfinite(block).all():
            raise InputError(f"{_shown(path)} holds values that are not numbers; replace or remove the file")
        yield block.mean(axis=1)


def _check_file(path: Path) -> None:
    """Reading from a pipe or a device might never end."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return
        reason = "it is not a file"
    except FileNotFoundError:
        reason = "it is a link that leads nowhere" if path.is_symlink() else "it does not exist"
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
    raise InputError(_unreachable(path, reason))


def _unreachable(path: Path, reason: str) -> str:
    return f"cannot read {_shown(path)}: {reason}; check the path and its permissions"


def _check_rate(path: Path, rate_hz: int) -> None:
    if not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
        raise InputError(f"{_shown(path)} has a sample rate of {rate_hz} Hz; convert it to {SAMPLE_RATE_HZ} Hz")


def _check_length(path: Path, frames: int, channels: int, rate_hz: int) -> None:
    samples = max(frames * channels, frames * SAMPLE_RATE_HZ // rate_hz)
    if samples > MOST_SAMPLES:
        raise InputError(
            f"{_shown(path)} has {samples:,} samples ({channels} channels at {rate_hz} Hz), but wwtool reads at "
            f"most {MOST_SAMPLES:,}; cut it into pieces"
        )


def _refusal(path: Path, error: Exception | None) -> str:
    """One sentence on a file that libsndfile cannot read, with libsndfile's own reason if there is one."""
    kind = kind_of_file(path)
    if kind is None and path.suffix.lower() in _HEADERLESS:
        return f"{_shown(path)} has no header that tells its rate; convert it to .wav with a program that knows it"
    if kind is None or kind.sound == "read":
        reason = str(getattr(error, "error_string", "") or getattr(error, "strerror", "") or error).strip().rstrip(".")
        what = f"cannot read {_shown(path)}: {printable(reason) or 'it is damaged'}"
    elif kind.sound == "convert":
        what = f"{_shown(path)} is {kind.name}, which wwtool does not read"
    else:
        return f"{_shown(path)} is {kind.name}, no recording; {kind.remedy or 'replace or remove the file'}"
    return f"{what}; convert it (`{_conversion(path)}`), or replace or remove the file"


def _conversion(path: Path) -> str:
    target = path.with_suffix(".wav")
    if target == path:
        target = path.with_name(f"{path.stem}-16k.wav")
    return f"ffmpeg -i {for_shell(path)} -ar {SAMPLE_RATE_HZ} -ac 1 {for_shell(target)}"


def _shown(path: Path) -> str:
    return printable(str(path))
