"""Folders that wwtool replaces whole: only if nobody has changed or added anything there since.

What it writes it lists in the folder, file by file with SHA-256; what is not on that list, or no longer as listed, is
somebody's work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from wwtool.base.files import is_partial, replaced_folder, sha256_of, write_json
from wwtool.base.records import read_json
from wwtool.errors import InputError

RECORD = "ww_files.json"
_SCHEMA, _VERSION = "wwtool.base.files", 1


@dataclass(frozen=True)
class Rule:
    """What may be replaced without asking.

    Attributes:
        products: patterns of what others make there from wwtool's files, such as object files.
        edited: also what somebody has changed, as nobody edits such files by hand.
        overwrite: everything, as the user says so.
    """

    products: Sequence[str] = ()
    edited: bool = False
    overwrite: bool = False


@contextmanager
def owned_folder(folder: Path, rule: Rule) -> Iterator[Path]:
    """As ``replaced_folder``, but never of somebody's work, and with the list of what was written.

    Raises:
        InputError: something in the folder is not as wwtool left it.
    """
    refuse_changes(folder, rule)
    with replaced_folder(folder, RECORD) as new:
        yield new
        refuse_changes(folder, rule)  # it may have taken a while
        files = {path.relative_to(new).as_posix(): sha256_of(path) for path in _files(new)}
        write_json(new / RECORD, {"schema": _SCHEMA, "version": _VERSION, "files": files})


def refuse_changes(folder: Path, rule: Rule) -> None:
    """Raises InputError if something in the folder is not as wwtool left it, unless ``rule`` lets it be replaced."""
    if rule.overwrite or not folder.is_dir():
        return
    written = _written(folder)
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name == RECORD or any(fnmatchcase(name, pattern) for pattern in rule.products):
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


def _written(folder: Path) -> dict[str, str] | None:
    """What wwtool wrote there; None if it did not."""
    path = folder / RECORD
    if not path.is_file() or path.is_symlink():
        return None
    try:
        files = read_json(path).get("files")
    except InputError:
        return None
    return files if isinstance(files, dict) else None


def _files(folder: Path) -> Iterator[Path]:
    """Everything below that is no folder, links to folders too; nothing of what a killed wwtool left half-written."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and not is_partial(name))
        yield from (here / name for name in sorted((*links, *files)) if not is_partial(name))
