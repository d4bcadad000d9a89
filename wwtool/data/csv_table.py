"""Reads .csv files as people and their spreadsheets write them.

Commas, semicolons or tabs separate the fields. The text is UTF-8 or UTF-16, with any line ends. Columns come in any
order, and their names in any case.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from wwtool.base.file_kinds import HEAD_BYTES, TEXT, TEXT_UTF16, describe_mismatch, kind_of
from wwtool.base.text import printable
from wwtool.errors import InputError

_DELIMITERS = ",;\t|"


def read_table(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields for each row the number of its last line, and its stripped fields by column name in lower case.

    Bytes that are not UTF-8 are kept, as Python keeps them in file names. Empty rows are skipped.

    Raises:
        InputError: the file cannot be read, is not a .csv file, or lacks a column; or a row has too few or too many
            fields.
    """
    shown = printable(str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {shown}: {(error.strerror or '').lower()}; check the path") from error
    kind = kind_of(content[:HEAD_BYTES])
    if content and kind not in (None, TEXT, TEXT_UTF16):
        raise InputError(f"{shown} {describe_mismatch(kind, 'a .csv file')}; save the table as .csv")
    text = io.StringIO(_decoded(content, shown), newline=None).read()
    skipped, hint, text = _without_preamble(text)
    delimiter, columns = _header(text, needed, hint, f"{shown}:{1 + skipped}")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        next(reader)
        for row in reader:
            where = f"{shown}:{reader.line_num + skipped}"
            fields = [field.strip() for field in row]
            if any(fields):
                yield reader.line_num + skipped, _by_column(fields, columns, delimiter, where)
    except StopIteration:
        return
    except csv.Error as error:
        raise InputError(f"{shown}:{reader.line_num + skipped} is not a UTF-8 .csv file: {error}") from error


def _decoded(content: bytes, shown: str) -> str:
    encoding = "utf-8-sig"
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        encoding = "utf-32"
    elif content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif content[1:2] == b"\0":  # no byte order mark, but ASCII with a zero byte beside it
        encoding = "utf-16-le"
    elif content[:1] == b"\0":
        encoding = "utf-16-be"
    try:
        return content.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "strict")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{shown} begins as {encoding[:6].upper()} but does not go on so ({error.reason}); save it as UTF-8"
        ) from error


def _without_preamble(text: str) -> tuple[int, str | None, str]:
    """Removes empty first lines and Excel's ``sep=;``; returns the number of removed lines, the separator, the rest."""
    lines, hint = 0, None
    while "\n" in text:
        head, _, rest = text.partition("\n")
        if head.lower().startswith("sep=") and len(head) == 5:
            hint = head[4]
        elif head.strip():
            break
        lines, text = lines + 1, rest
    return lines, hint, text


def _header(text: str, needed: Sequence[str], hint: str | None, where: str) -> tuple[str, list[str]]:
    """The separator that gives the first line the needed columns, and the names of all columns."""
    missing, best = set(needed), [""]
    for delimiter in hint or _DELIMITERS:
        try:
            row = next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        columns = [name.strip().lower() for name in row]
        lacking = set(needed) - set(columns)
        if not lacking:
            twice = sorted({name for name in columns if name and columns.count(name) > 1})
            if twice:
                raise InputError(f"{where}: the column {printable(twice[0])} appears twice; remove one")
            return delimiter, columns
        if len(lacking) < len(missing) or len(columns) > len(best):
            missing, best = lacking, columns
    others = f"; the first line has {printable(', '.join(best), 100)}" if any(best) else ""
    raise InputError(
        f"{where}: the column {' and '.join(sorted(missing))} is missing{others}; "
        "name the columns in the first line, separated by commas, semicolons or tabs"
    )


def _by_column(fields: list[str], columns: list[str], delimiter: str, where: str) -> dict[str, str]:
    while len(fields) > len(columns) and not fields[-1]:
        fields.pop()
    if len(fields) != len(columns):
        name = {"\t": "tab", ",": "comma", ";": "semicolon"}.get(delimiter, delimiter)
        raise InputError(
            f"{where}: the row has {len(fields)} fields and the header {len(columns)}; "
            f"put fields that contain a {name} into quotes"
        )
    return dict(zip(columns, fields, strict=True))
