"""Files on a web server."""

from __future__ import annotations

import hashlib
from pathlib import Path

from wwtool.base.download import download, verify
from wwtool.base.http_stream import mirrored
from wwtool.data.catalogue import Piece
from wwtool.data.first_seen import hold_to_first_seen
from wwtool.data.origins.interface import Errand, Origin, expected
from wwtool.errors import InputError


class Url(Origin):
    """A file at an address of http or https. Where no SHA-256 is published, that of the first download counts."""

    def fetch(self, piece: Piece, errand: Errand) -> Path:
        if piece.url is None:
            raise InputError("the catalogue names no address; reinstall wwtool")
        target = errand.folder / f"{hashlib.sha256(piece.url.encode()).hexdigest()[:16]}.bin"
        if target.is_file():  # an earlier run was interrupted between two files
            digest = verify(target, expected(piece), piece.url)
        else:
            address = mirrored(piece.url, errand.mirror)
            digest = download(address, target, expected(piece), errand.cancel, errand.advance)
        if piece.sha256 is None:
            hold_to_first_seen(piece.url, digest)
        return target
