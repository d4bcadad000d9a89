"""The speech that these scripts learn from (natural voices, people), and the noise and rooms around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wwtool.data.audio import Audio, read_audio
from wwtool.data.clip_cache import cache_folder
from wwtool.data.negatives import SOUND_KINDS
from wwtool.data.recorded_people import clips_of, recorded_people
from wwtool.data.store import ClipStore, write_store
from wwtool.errors import InputError


def natural() -> Iterator[Audio]:
    """The clips of natural voices in the cache of clips."""
    folder = cache_folder()
    for path in sorted(folder.glob("??/*.flac")) if folder else ():
        yield read_audio(path)


def people() -> Iterator[Audio]:
    """The recordings of people that are installed."""
    for voice in recorded_people():
        for clip in clips_of(voice.folder):
            yield clip.read()


def store_of(folder: Path, name: str, clips: Iterator[Audio]) -> ClipStore:
    """The store ``name`` in a folder, made of clips unless it is there.

    Raises:
        InputError: there are no clips.
    """
    store = ClipStore(folder / name) if there(folder, name) else write_store(folder / name, clips)
    if not len(store):
        raise InputError(f"there are no clips ({name}); see `wwtool doctor`, and build without recordings first")
    print(f"{name}: {len(store):,} clips, {store.hours:.1f} h", flush=True)
    return store


def there(folder: Path, name: str) -> str | None:
    """The path of a store; None: there is none."""
    return str(folder / name) if (folder / f"{name}.bounds.npy").exists() else None


def surroundings(stores: Path) -> dict[str, Any]:
    """The keywords of a PoolJob for noise and rooms, from the stores of a build."""
    return {
        "noise": there(stores, "noise"),
        "rooms": there(stores, "rir"),
        "simulated_rooms": there(stores, "simulated_rooms"),
        "sounds": tuple(path for path in (there(stores, name) for name in SOUND_KINDS) if path),
    }


def tell(done: int, total: int, what: str) -> None:
    """A line of progress."""
    print(f"{done:,} of {total:,} {what}", flush=True)
