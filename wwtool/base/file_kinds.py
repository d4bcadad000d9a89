"""Tells what a file really is by its first bytes, not by its name.

People rename files, a download turns out to be a web page, and a checkout without Git LFS holds pointers. One table
names them all, for messages about a file that is not the expected one. It does not tell whether a file is intact.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HEAD_BYTES = 4096


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: its name with the article.
        remedy: advice for a user who meant another file; may be empty.
        sound: for a recording, "read" if libsndfile reads it, "convert" if the user must convert it first.
    """

    name: str
    remedy: str = ""
    sound: Literal["", "read", "convert"] = ""


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins with ``head`` (4096 bytes are enough); None if the table does not have it."""
    if not head:
        return Kind("empty")
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            return kind
    return next((match for recognise in _BY_FORM if (match := recognise(head)) is not None), None)


def kind_of_file(path: Path) -> Kind | None:
    """Like ``kind_of``; also None if the file cannot be read."""
    try:
        with path.open("rb") as file:
            return kind_of(file.read(HEAD_BYTES))
    except OSError:
        return None


def describe_mismatch(kind: Kind | None, expected: str, remedy: str = "") -> str:
    """The end of a sentence that begins with a file's name: what the file is instead of ``expected``, and what to do.

    >>> describe_mismatch(kind_of(b"version https://git-lfs.github.com/spec/v1"), "a WAV file", "replace it")
    'is a Git LFS pointer, not a WAV file; run `git lfs pull` to get the file itself'
    """
    what = f"is not {expected}" if kind is None else f"is {kind.name}, not {expected}"
    advice = (kind and kind.remedy) or remedy
    return f"{what}; {advice}" if advice else what


def _sound(name: str) -> Kind:
    return Kind(name, sound="read")


def _foreign(name: str) -> Kind:
    return Kind(name, sound="convert")


_PAGE = Kind("an HTML page", "download the file itself, not the page that shows it")
_UNPACK = "unpack it and give what is inside"
_PICTURE = Kind("a picture")
_AIFF = _sound("an AIFF recording")
_MPEG = _sound("an MPEG recording")
_AAC = _foreign("an AAC recording")
NUMPY = Kind("a NumPy array")
ZIP = Kind("a zip archive", _UNPACK)
TEXT = Kind("text")
TEXT_UTF16 = Kind("text in UTF-16")
SAFETENSORS = Kind("a safetensors file")
JSON_TEXT = Kind("JSON text")
PLAIN = (TEXT, TEXT_UTF16, JSON_TEXT)

# Offset, the bytes at it, and the kind; the first match counts. Sources: the formats' specifications and libsndfile's
# list of containers. RIFF, IFF and ISO media can hold several kinds; see below.
_MAGIC: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"version https://git-lfs", Kind("a Git LFS pointer", "run `git lfs pull` to get the file itself")),
    (0, b"/annex/objects/", Kind("a git-annex pointer", "run `git annex get` to get the file itself")),
    (4, b"TFL3", Kind("a .tflite model")),
    (0, b"\x93NUMPY", NUMPY),
    (0, b"\x89HDF\r\n\x1a\n", Kind("an HDF5 file, as Keras writes it")),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", Kind("an empty zip archive")),
    (0, b"\x1f\x8b", Kind("a gzip archive", _UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", _UNPACK)),
    (0, b"Rar!\x1a\x07", Kind("a RAR archive", _UNPACK)),
    (0, b"BZh", Kind("a bzip2 archive", _UNPACK)),
    (0, b"\xfd7zXZ\0", Kind("an xz archive", _UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", Kind("a zstd archive", _UNPACK)),
    (257, b"ustar", Kind("a tar archive", _UNPACK)),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("an old Office document")),
    (0, b"%PDF", Kind("a PDF document")),
    (0, b"\x7fELF", Kind("a program")),
    (0, b"\x89PNG\r\n\x1a\n", _PICTURE),
    (0, b"\xff\xd8\xff", _PICTURE),
    (0, b"GIF8", _PICTURE),
    # Recordings that libsndfile reads.
    (0, b"riff\x2e\x91\xcf\x11", _sound("a Wave64 recording")),
    (0, b"fLaC", _sound("a FLAC recording")),
    (0, b"OggS", _sound("an Ogg recording")),
    (0, b"ID3", _MPEG),
    (0, b"caff\0\1", _sound("a CAF recording")),
    (0, b".snd", _sound("an AU recording")),
    (0, b"dns.", _sound("an AU recording")),
    (0, b"Creative Voice File", _sound("a VOC recording")),
    (0, b"NIST_1A", _sound("a NIST Sphere recording")),
    (0, b" paf", _sound("a PAF recording")),
    (0, b"fap ", _sound("a PAF recording")),
    (0, b"PVF1\n", _sound("a PVF recording")),
    (0, b"2BIT", _sound("an AVR recording")),
    (0, b"ALawSoundFile", _sound("a WVE recording")),
    (0, b"Extended Instrument: ", _sound("an XI sample")),
    (0, b"\x64\xa3\x01\0", _sound("an IRCAM recording")),
    (0, b"\x64\xa3\x02\0", _sound("an IRCAM recording")),
    (0, b"\x64\xa3\x03\0", _sound("an IRCAM recording")),
    (0, b"\0\x01\xa3\x64", _sound("an IRCAM recording")),
    (0, b"\0\x02\xa3\x64", _sound("an IRCAM recording")),
    (0, b"\0\x03\xa3\x64", _sound("an IRCAM recording")),
    # Recordings that libsndfile does not read.
    (0, b"#!AMR", _foreign("an AMR recording")),
    (0, b"\x1a\x45\xdf\xa3", _foreign("a WebM or Matroska recording")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _foreign("a Windows Media recording")),
    (0, b"MAC ", _foreign("a Monkey's Audio recording")),
    (0, b"wvpk", _foreign("a WavPack recording")),
    (0, b"MPCK", _foreign("a Musepack recording")),
    (0, b"MP+", _foreign("a Musepack recording")),
    (0, b"TTA1", _foreign("a True Audio recording")),
    (0, b"DSD ", _foreign("a DSD recording")),
    (0, b"FRM8", _foreign("a DSD recording")),
    (0, b".RMF", _foreign("a RealMedia recording")),
    (0, b".ra\xfd", _foreign("a RealAudio recording")),
    (0, b"ADIF", _AAC),
    (0, b"#!SILK", _foreign("a SILK recording")),
    (0, b"\x02#!SILK", _foreign("a SILK recording")),
    (0, b"FLV\x01", _foreign("a Flash video")),
    (0, b"\0\0\x01\xba", _foreign("an MPEG video")),
    (0, b"\x7f\xfe\x80\x01", _foreign("a DTS recording")),
    (0, b"\xf0\x7e", _foreign("a MIDI sample dump")),
    (0, b"BW64", _foreign("a BW64 recording")),
    (0, b"MThd", Kind("a MIDI score")),
)


def _riff(head: bytes) -> Kind | None:
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return {
            b"WAVE": _sound("a WAV recording"),
            b"AVI ": _foreign("an AVI video"),
            b"QLCM": _foreign("a QCP recording"),
            b"WEBP": _PICTURE,
        }.get(head[8:12])
    return None


def _iff(head: bytes) -> Kind | None:
    if head[:4] == b"FORM":
        eight = _sound("an 8SVX recording")
        return {b"AIFF": _AIFF, b"AIFC": _AIFF, b"8SVX": eight, b"16SV": eight}.get(head[8:12])
    return None


def _iso_media(head: bytes) -> Kind | None:
    """MP4 and related files; phones put pictures into the same container."""
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"):
        return _PICTURE
    if brand[:3] in (b"3gp", b"3g2"):
        return _foreign("a 3GP recording")
    if brand in (b"M4A ", b"M4B ", b"M4P "):
        return _foreign("an M4A recording")
    return _foreign("an MP4 or QuickTime recording")


def _mpeg(head: bytes) -> Kind | None:
    """MPEG audio and AAC begin with 11 or 12 set bits, as many other files do; two frames in a row are proof."""
    for length, kind in ((_mpeg_frame_bytes, _MPEG), (_adts_frame_bytes, _AAC)):
        first = length(head)
        if first and length(head[first:]):
            return kind
    return None


# Kilobits per second by bit rate index (ISO 11172-3 and 13818-3), for (is it version 1, layer).
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KILOBITS = {
    (True, 1): tuple(range(32, 449, 32)),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): _LOW,
    (False, 3): _LOW,
}


def _mpeg_frame_bytes(head: bytes) -> int:
    """The length of the frame at the start of ``head``; 0 if there is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)  # version 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    rate_index, hertz_index, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate_index in (0, 15) or hertz_index == 3:
        return 0
    bits = 1000 * _KILOBITS[version == 3, layer][rate_index - 1]
    hertz = (44100, 48000, 32000)[hertz_index] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def _adts_frame_bytes(head: bytes) -> int:
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _transport_stream(head: bytes) -> Kind | None:
    return _foreign("an MPEG video") if len(head) > 376 and head[0] == head[188] == head[376] == 0x47 else None


def _pickle(head: bytes) -> Kind | None:
    """Protocols 2 to 5 begin with their number; from 4 on, a frame follows."""
    old = head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03") and head[2:3] in b"}](cX"
    new = head[:1] == b"\x80" and head[1:3] in (b"\x04\x95", b"\x05\x95")
    return Kind("a Python pickle") if old or new else None


def _safetensors(head: bytes) -> Kind | None:
    return SAFETENSORS if head[8:10] == b'{"' and head[4:8] == bytes(4) else None


def _text(head: bytes) -> Kind | None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return TEXT_UTF16
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # the end of the head may cut a letter in two
            return None
        text = head[: error.start].decode("utf-8-sig")
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", text):
        return None
    start = text.lstrip()[:1000].lower()
    if re.match(r"<(!doctype html|html|head|body|!--)", start) or (start.startswith("<?xml") and "<html" in start):
        return _PAGE
    if start.startswith("<"):
        return Kind("an XML or HTML document")
    return JSON_TEXT if start[:1] in ("{", "[") else TEXT


_BY_FORM: tuple[Callable[[bytes], Kind | None], ...] = (
    _riff, _iff, _iso_media, _mpeg, _transport_stream, _pickle, _safetensors, _text,
)  # fmt: skip
