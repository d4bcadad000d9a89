"""Turns the archives of a data set into features while they come; no archive lies on the disk whole.

Each archive gives sets of features of its own, which get their names when all its bytes are verified. A run that was
interrupted goes on with the archive at which it stopped.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from wwtool.base.files import new_file, replaced_folder, scratch_folder, working_folder
from wwtool.base.temporary import TemporaryFolder
from wwtool.data.archives.incoming import Member
from wwtool.data.audio import audio_pieces, read_audio, write_audio
from wwtool.data.audio_files import ENDINGS
from wwtool.data.catalogue import DataSetEntry, Piece
from wwtool.data.data_home import DESCRIPTION, DataSetDescription, data_home, write_data_set
from wwtool.data.data_stream import Line, archives_of, read_archive
from wwtool.errors import InputError
from wwtool.features.ready_made import EVALUATION, SUFFIX, TRAINING, FeatureSet, find_sets, write_set
from wwtool.frontend.front_end import Features
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.frontend.registry import DEFAULT_FRONT_END

_HELD_OUT = 10  # one speaker, or one recording of noise, in ten is for evaluation
_LONGEST_ROOM_S = 2.0
_PIECE_S = 60.0
_NINJA = re.compile(r"(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_-]+_mmap/(?:[a-z_]+/){0,2}[a-z_]+\.ninja")
_PARTS = "parts"


@dataclass
class Made:
    """What has been made so far."""

    clips: int = 0
    left_out: int = 0
    hours: float = 0.0
    warnings: list[str] = field(default_factory=list)


def get_data_set(name: str, entry: DataSetEntry, offer: str, line: Line) -> DataSetDescription:
    """Gets a data set into wwtool's home; one that is there is replaced.

    Raises:
        InputError: an archive is damaged or another one, holds nothing that can be used, or there is no space.
        ToolError: a server cannot be reached.
        CancelledError: somebody has cancelled; archives that are finished stay for the next time.
    """
    downloads = data_home().parent / "downloads" / name
    made = Made()
    with working_folder(downloads):
        archives = archives_of(entry.pieces(offer)) if line.file is None else [(Piece(form=_form_of(line.file)),)]
        for parts in archives:
            folder = downloads / _PARTS / hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
            if not folder.is_dir():
                _make(folder, parts, entry, line, made)
        description = _join(name, entry, line, downloads, made)
        shutil.rmtree(downloads / _PARTS)
    if downloads.is_dir():
        downloads.rmdir()
    return description


def _make(folder: Path, parts: tuple[Piece, ...], entry: DataSetEntry, line: Line, made: Made) -> None:
    """Makes of an archive what its data set is for, in ``folder``, which is there only if all of it was verified."""
    with scratch_folder(folder.parent, folder.name) as scratch:
        taker = _TAKERS[entry.use](scratch, entry, made)
        read_archive(parts, line, taker.take)
        taker.finish()
        scratch.rename(folder)


class _ToFeatures:
    """Audio becomes features: speech by speaker, and noise by recording, for training or evaluation."""

    def __init__(self, folder: Path, entry: DataSetEntry, made: Made) -> None:
        self._folder, self._made, self._speech = folder, made, entry.use == "speech"
        self._pick = re.compile(entry.pick or ".")
        self._writers = {part: _SetWriter(folder / part) for part in (TRAINING[0], EVALUATION[0])}

    def take(self, member: Member) -> None:
        name, content = member
        picked = self._pick.search(name)
        if PurePosixPath(name).suffix.lower() not in ENDINGS or picked is None:
            return
        with TemporaryFolder("member") as folder:
            path = folder / f"clip{PurePosixPath(name).suffix.lower()}"
            with path.open("wb") as file:
                file.writelines(content)
            try:
                pieces = [DEFAULT_FRONT_END.quantized([piece]) for piece in audio_pieces(path, _PIECE_S)]
            except InputError:
                self._made.left_out += 1
                return
        folder_name = PurePosixPath(name).parent.as_posix() if self._speech else name
        group = picked.groupdict().get("speaker") or folder_name
        held_out = hashlib.sha256(group.encode()).digest()[0] % _HELD_OUT == 0
        writer = self._writers[EVALUATION[0] if held_out else TRAINING[0]]
        for features in pieces:
            writer.add(features)
        self._made.clips += 1

    def finish(self) -> None:
        for writer in self._writers.values():
            writer.finish()


class _SetWriter:
    """Collects features on the disk and makes a set of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._values, self._sizes = folder / "values.bin", list[int]()

    def add(self, features: Features) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._values.open("ab") as file:
            file.write(np.ascontiguousarray(features, np.int8).tobytes())
        self._sizes.append(features.size)

    def finish(self) -> None:
        if not self._sizes:
            return
        write_set(self._folder / f"all{SUFFIX}", self._clips())
        self._values.unlink()

    def _clips(self) -> Iterator[Features]:
        channels = DEFAULT_FRONT_END.geometry.channels
        with self._values.open("rb") as file:
            for size in self._sizes:
                yield np.frombuffer(file.read(size), np.int8).reshape(-1, channels)


class _AsTheyAre:
    """Features that are ready-made: their files go where they belong."""

    def __init__(self, folder: Path, entry: DataSetEntry, made: Made) -> None:
        self._folder, self._made = folder, made

    def take(self, member: Member) -> None:
        name, content = member
        if not _NINJA.fullmatch(name) or ".." in name:
            return
        with new_file(self._folder / name) as file:
            file.writelines(content)

    def finish(self) -> None:
        for _, path in find_sets(self._folder):
            self._made.clips += len(FeatureSet(path))


class _Rooms:
    """Impulse responses become clips of a data folder, below ``rir``."""

    def __init__(self, folder: Path, entry: DataSetEntry, made: Made) -> None:
        self._folder, self._made, self._pick = folder / "rir", made, re.compile(entry.pick or ".")

    def take(self, member: Member) -> None:
        name, content = member
        if PurePosixPath(name).suffix.lower() not in ENDINGS or not self._pick.search(name):
            return
        with TemporaryFolder("member") as folder:
            path = folder / f"room{PurePosixPath(name).suffix.lower()}"
            with path.open("wb") as file:
                file.writelines(content)
            try:
                room = read_audio(path, _LONGEST_ROOM_S)
            except InputError:
                self._made.left_out += 1
                return
        write_audio(self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.wav", room)
        self._made.clips += 1
        self._made.hours += len(room) / SAMPLE_RATE_HZ / 3600

    def finish(self) -> None:
        """Nothing is left to do."""


_TAKERS: dict[str, Callable[[Path, DataSetEntry, Made], _ToFeatures | _AsTheyAre | _Rooms]] = {
    "speech": _ToFeatures, "noise": _ToFeatures, "features": _AsTheyAre, "rooms": _Rooms,
}  # fmt: skip
"""What becomes of the members of an archive, by the use of its data set."""


def _join(name: str, entry: DataSetEntry, line: Line, downloads: Path, made: Made) -> DataSetDescription:
    """Moves what the archives gave into the data set's folder."""
    with replaced_folder(data_home() / name, DESCRIPTION) as folder:
        for number, part in enumerate(sorted((downloads / _PARTS).iterdir())):
            shutil.move(part, folder / f"archive{number}")
        sets = [FeatureSet(path) for _, path in find_sets(folder)]
        rooms = sorted(folder.glob("archive*/rir/*.wav"))
        for path in rooms:
            (folder / "rir").mkdir(exist_ok=True)
            path.rename(folder / "rir" / path.name)
        hours = made.hours or sum(part.hours for part in sets)
        if not sets and not rooms:
            raise InputError(f"{name} holds nothing that wwtool can use; {made.left_out} files could not be read")
        description = DataSetDescription(
            name=name, title=entry.title, licence=entry.licence,
            source=str(line.file.resolve()) if line.file else "; ".join(p.what for p in entry.pieces(entry.best)),
            use="rooms" if rooms else "features", hours=round(hours, 3),
            clips=len(rooms) or sum(map(len, sets)), left_out=made.left_out,
        )  # fmt: skip
        write_data_set(folder, description)
    return description


def _form_of(path: Path) -> str:
    """The form of an archive of this machine, by its beginning."""
    with path.open("rb") as file:
        return "zip" if file.read(2) == b"PK" else "tar"
