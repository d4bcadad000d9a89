"""Audio files in and out: anything libsndfile reads becomes int16, 16 kHz, mono.

A file is decoded, mixed and resampled in blocks, so that its length and its channels cost time and not memory.
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
_CUT_SHORT = 0.9  # a file that holds less of the length it states; compressed ones state it roughly
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4000, 384_000


@dataclass(frozen=True)
class AudioFile:
    """A file as blocks of audio, read anew whenever it is iterated over."""

    path: Path

    def __iter__(self) -> Iterator[Audio]:
        return audio_blocks(self.path)


def audio_blocks(path: Path) -> Iterator[Audio]:
    """Reads a file of any rate and any number of channels; yields what comes, in blocks of a few megabytes at most.

    Raises:
        InputError: the file is missing, is not audio whatever its name says, is cut short, too long, or holds nothing.
            What was yielded before is then not to be used.
    """
    with _opened(path) as file:
        rate, channels, promised = file.samplerate, file.channels, file.frames
        known = promised < MOST_SAMPLES << 8  # libsndfile's word for "not known" is the largest number there is
        _check_rate(path, rate)
        _check_length(path, promised if known else 0, channels, rate)
        missing = missing_bytes(path)
        if missing:
            raise InputError(f"{_shown(path)} is cut short by {missing} bytes; replace or remove the file")
        frames = 0
        for block in resampled(_mono_blocks(path, file), rate):
            frames += len(block)
            _check_length(path, frames * rate // SAMPLE_RATE_HZ, channels, rate)
            if len(block):
                yield to_int16(block)
        if not frames:
            raise InputError(f"{_shown(path)} holds no audio; remove it")
        if known and frames * rate / SAMPLE_RATE_HZ < _CUT_SHORT * promised:
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
    """A whole file in pieces of so many seconds; what is left and shorter than one second belongs to the last piece.

    Raises:
        InputError: see ``audio_blocks``.
    """
    size = int(seconds * SAMPLE_RATE_HZ)
    held = np.zeros(0, np.int16)
    for block in audio_blocks(path):
        held = np.concatenate([held, block])
        while len(held) >= size + SAMPLE_RATE_HZ:
            yield held[:size]
            held = held[size:]
    yield held


def resampled(blocks: Iterable[npt.NDArray[np.float32]], rate_hz: float) -> Iterator[npt.NDArray[np.float32]]:
    """To 16 kHz, high quality, block by block: the same values as all at once."""
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
    for block in blocks:
        yield np.asarray(stream.resample_chunk(block), np.float32)
    yield np.asarray(stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)


def resample(samples: npt.NDArray[np.float32], rate_hz: float) -> npt.NDArray[np.float32]:
    """As ``resampled``, of a whole clip."""
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


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """Read from start to end. soundfile seeks after every read, which GSM and FLAC of unknown length do not bear."""

    def seekable(self) -> bool:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[_ForwardFile]:
    _check_file(path)
    try:
        # libsndfile is not told the name: it need not be UTF-8, and its ending proves nothing.
        raw = path.open("rb", buffering=0)
    except OSError as error:
        raise InputError(_unreachable(path, (error.strerror or str(error)).lower())) from error
    with raw:
        try:
            kind = kind_of(raw.read(HEAD_BYTES))
            if kind is not None and kind.sound == "convert":  # libsndfile reads MIDI dumps, and prints while it does
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
    """A pipe or a device could be waited for without end."""
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
            f"{_shown(path)} has {samples:,} samples ({channels} channels at {rate_hz} Hz), at most {MOST_SAMPLES:,} "
            "are read; cut it into pieces"
        )


def _refusal(path: Path, error: Exception | None) -> str:
    """One sentence on a file that libsndfile does not read, with what it said if it was asked."""
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
