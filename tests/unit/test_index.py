"""The .csv of recordings, as people, spreadsheets and other systems write it."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.data.audio import write_audio
from wwtool.data.csv_table import read_table
from wwtool.data.dataset import Recording, index_folder
from wwtool.errors import InputError

CLIP = np.arange(1600, dtype=np.int16)
EXPECTED = [
    Recording("a.wav", "positive", "Ann, B", "dev"),
    Recording("sub/b c.wav", "hard_negative", None, None),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.wav", "sub/b c.wav", "sub/ü.wav"):
        write_audio(tmp_path / name, CLIP)
    return tmp_path


def table(delimiter: str = ",", end: str = "\n", path: str = "sub/b c.wav", rest: str = "") -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerows([["path", "label", "speaker", "split"], ["a.wav", "positive", "Ann, B", "dev"]])
    writer.writerow([path, "hard_negative", "", ""])
    return buffer.getvalue() + rest


@pytest.mark.parametrize(
    "content",
    [
        table().encode(),
        table(";").encode(),
        table("\t").encode(),
        table("|").encode(),
        table(end="\r\n").encode("utf-8-sig"),
        table(end="\r").encode(),
        table(";", "\r\n").encode("utf-16"),
        table("\t", "\r\n").encode("utf-16-le"),
        ("\ufeff" + table()).encode("utf-16-be"),
        table().encode("utf-16-be"),
        table().encode("utf-32"),
        ("sep=;\r\n" + table(";", "\r\n")).encode(),
        ("sep=\t\n" + table("\t")).encode(),
        ("\r\n  \r\n" + table(";", "\r\n")).encode(),
        table(path="sub\\b c.wav").encode(),
        table(path="./sub/../sub/b c.wav").encode(),
        table(rest="\n\n   \n,,,\n").encode(),
        table(";", rest=";;;\r\n;\r\n").encode(),
        table().replace("path,label,speaker,split", " Path ,LABEL,Speaker,Split").encode(),
        table().replace("hard_negative", "Hard-Negative").replace("positive", "Positive").encode(),
        table().replace("Ann, B", "Ann, B ").encode(),
        b"note,label,path,split,speaker\nx,positive,a.wav,dev,\"Ann, B\"\n,hard_negative,sub/b c.wav,,\n",
        b"path,label,speaker,split\n\"a.wav\",\"positive\",\"Ann, B\",dev,,\nsub/b c.wav,hard_negative,,,\n",
    ],
)  # fmt: skip
def test_one_meaning_in_many_forms(folder: Path, content: bytes) -> None:
    (folder / "mine.csv").write_bytes(content)
    found = [
        Recording(os.path.normpath(r.path), r.label, r.speaker, r.split) for r in index_folder(folder / "mine.csv")[1]
    ]
    assert found == EXPECTED
    (folder / "mine.csv").rename(folder / "mine.TSV")
    assert len(index_folder(folder / "mine.TSV")[1]) == 2


def test_paths_that_leave_no_doubt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    names = {
        str(folder / "a.wav"): "a.wav",
        "~/a.wav": "a.wav",
        f"file://{folder}/sub/b%20c.wav": "sub/b c.wav",
        f"file:{folder}/a.wav": "a.wav",
        "sub\\b c.wav": "sub/b c.wav",
        unicodedata.normalize("NFD", "sub/ü.wav"): "sub/ü.wav",
    }
    for name, file in names.items():
        (folder / "mine.csv").write_text(f"path,label\n{name},positive\n")
        (recording,) = index_folder(folder / "mine.csv")[1]
        assert (folder / recording.path).resolve() == (folder / file).resolve()
    write_audio(folder / "back\\slash.wav", CLIP)
    (folder / "mine.csv").write_text("path,label\nback\\slash.wav,positive\n")
    assert index_folder(folder / "mine.csv")[1][0].path == "back\\slash.wav"


def test_bytes_that_are_no_utf8_name_the_file_of_these_bytes(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    (folder / "a.wav").rename(folder / name)
    (folder / "mine.csv").write_bytes(b"path,label\ncaf\xe9.wav,positive\n")
    assert [r.path for r in index_folder(folder / "mine.csv")[1]] == [name]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"path,label\nC:\\data\\a.wav,positive\n", ":2: C:\\data\\a.wav is a path of Windows"),
        (b"\n\nsep=,\npath,label\nno.wav,positive\n", "mine.csv:5: no.wav does not exist"),
        (b"path,label\n\\\\nas\\a.wav,positive\n", "is a path of Windows"),
        (b"path,label\nhttps://example.org/a.wav,positive\n", "is a web address; download it"),
        (b"path,label\nsub,positive\n", "is a folder; name its files"),
        (b"path,label\ngone.wav,positive\n", "is a link that leads nowhere"),
        (b"path,label\n~nobody/a.wav,positive\n", "does not exist"),
        (b"path,label\n" + b"x" * 5000 + b",positive\n", "does not exist"),
        (b"path,label\nno\x1b[2Jne.wav,positive\n", r"no\x1b[2Jne.wav does not exist"),
        (b"path,label\n\xfcber.wav,positive\n", r"\xfcber.wav is not a UTF-8 name"),
        (b"path,label\na.wav,positive\n./a.wav,negative\n", ":3: a.wav is listed twice"),
        (b"path,label\nsub/../a.wav,positive\na.wav,positive\n", ":3: a.wav is listed twice"),
        (b"file name,class\na.wav,positive\n", "the first line has file name, class"),
        (b"path;Label;label\na.wav;positive;positive\n", "the column label appears twice"),
        (b"path,label\nmy, file.wav,positive\n", "put fields that contain a comma into quotes"),
        (b"path,label\na.wav,bad\x1b[31m\n", r"label 'bad\x1b[31m'"),
        (b"PK\x03\x04" + bytes(100), "is a zip archive, not a .csv file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "is an old Office document, not a .csv file"),
        (b'[{"path": "a.wav", "label": "positive"}]', "is JSON text, not a .csv file"),
        (b"\xff\xfep\0a\0t", "begins as UTF-16"),
        (b"path,label\n" + b"x" * 200_000 + b",positive\n", "not a UTF-8 .csv file"),
    ],
)
def test_what_is_refused_says_why(folder: Path, content: bytes, said: str) -> None:
    (folder / "gone.wav").symlink_to("nowhere.wav")
    (folder / "mine.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        index_folder(folder / "mine.csv")
    assert said in str(caught.value) and "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(FIELD.filter(bool), FIELD), max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_tables_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("Path", "Label"), *rows])
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    assert [(row["path"], row["label"]) for _, row in read_table(path, ("path", "label"))] == rows


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"path,label\n", b"path;label\r\n", b"\xff\xfe", b"sep=;\n"]))
def test_no_table_crashes(tmp_path_factory: pytest.TempPathFactory, junk: bytes, start: bytes) -> None:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_bytes(start + junk)
    try:
        index_folder(path)
    except InputError as error:
        assert "t.csv" in str(error) and str(error).isprintable()
