"""Replaces a folder as a whole, but only if nobody has changed or added anything in it.

wwtool lists the files that it writes, with their SHA-256, in a file of the folder. Whatever is not on that list, or
differs from it, is somebody's work.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from wwtool.base.files import is_partial, replaced_folder, sha256_of, write_json
from wwtool.base.records import read_json
from wwtool.errors import InputError

RECORD = "ww_files.json"
_SCHEMA, _VERSION = "wwtool.files", 1


@dataclass(frozen=True)
class Rule:
    """What may be replaced without asking.

    Attributes:
        products: patterns of files that other programs make from wwtool's, such as object files.
        kept: patterns of files that a user adds for good, such as passwords. They outlive a replacement.
        edited: files that somebody has changed, too, as nobody edits files of this kind by hand.
        overwrite: everything, because the user allows it.
    """

    products: Sequence[str] = ()
    kept: Sequence[str] = ()
    edited: bool = False
    overwrite: bool = False


@contextmanager
def owned_folder(folder: Path, rule: Rule) -> Iterator[Path]:
    """Like ``replaced_folder``, but refuses to replace somebody's work, and lists the files that it writes.

    Raises:
        InputError: something in the folder is not as wwtool left it.
    """
    refuse_changes(folder, rule)
    with replaced_folder(folder, RECORD) as new:
        yield new
        refuse_changes(folder, rule)  # the block may have run for long
        files = {path.relative_to(new).as_posix(): sha256_of(path) for path in _files(new)}
        _keep(folder, new, rule.kept)
        write_json(new / RECORD, {"schema": _SCHEMA, "version": _VERSION, "files": files})


def refuse_changes(folder: Path, rule: Rule) -> None:
    """Raises InputError if something in the folder is not as wwtool left it, unless ``rule`` lets it be replaced."""
    if rule.overwrite or not folder.is_dir():
        return
    written = _written(folder)
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name == RECORD or _matches(name, (*rule.products, *rule.kept)):
            continue
        if written is None:
            raise InputError(
                f"{folder} holds files that wwtool did not make, such as {name}; choose another folder with --out, or "
                "replace it whole with --overwrite"
            )
        if name not in written:
            raise InputError(
                f"{path} was not made by wwtool, which would replace {folder} with all that is in it; move it "
                "elsewhere, or let it go with --overwrite"
            )
        if not rule.edited and (path.is_symlink() or not path.is_file() or sha256_of(path) != written[name]):
            raise InputError(
                f"{path} was changed since wwtool wrote it; keep a copy elsewhere, then replace it with --overwrite"
            )


def _keep(folder: Path, new: Path, patterns: Sequence[str]) -> None:
    """Copies what a user has added into the folder that replaces ``folder``; a link stays a link."""
    if not patterns or not folder.is_dir():
        return
    for path in _files(folder):
        place = new / path.relative_to(folder)
        if _matches(path.relative_to(folder).as_posix(), patterns) and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _written(folder: Path) -> dict[str, str] | None:
    """The files that wwtool wrote, with their SHA-256; None if it wrote none."""
    path = folder / RECORD
    if not path.is_file() or path.is_symlink():
        return None
    try:
        files = read_json(path).get("files")
    except InputError:
        return None
    return files if isinstance(files, dict) else None


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder and links to folders; not what a killed wwtool left half-written."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and not is_partial(name))
        yield from (here / name for name in sorted((*links, *files)) if not is_partial(name))
