"""Packages from the registry that npm is set to; nothing of them is installed or run."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.download import verify
from wwtool.base.temporary import TemporaryFolder
from wwtool.data.catalogue import Piece
from wwtool.data.origins.interface import Errand, Origin, expected, keep
from wwtool.data.origins.programs import bring


class Npm(Origin):
    """``npm pack`` of one package."""

    runs_beside_others = True

    def fetch(self, piece: Piece, errand: Errand) -> Path:
        target = errand.folder / f"{piece.package}-{piece.version}.tgz"
        if not target.is_file():
            with TemporaryFolder("npm") as folder:
                words = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
                command = [*words, f"{piece.package}@{piece.version}"]
                remedy = "install npm (apt-get install npm)"
                keep(bring(command, folder, "*.tgz", piece.what, remedy, errand.cancel), target)
        verify(target, expected(piece), piece.what)
        errand.advance(piece.bytes or 0, piece.bytes)
        return target
