"""How files of the catalogue are packed: one file for each form, and the registry of them."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.data.packing.deb import unpack_deb
from wwtool.data.packing.interface import Packing
from wwtool.data.packing.npz import unpack_npz
from wwtool.data.packing.plain import unpack_plain
from wwtool.data.packing.tar import unpack_tar
from wwtool.data.packing.zip import unpack_zip

PACKINGS: Registry[Packing] = Registry(
    "form", {"file": unpack_plain, "zip": unpack_zip, "tar": unpack_tar, "npz": unpack_npz, "deb": unpack_deb}
)
"""The forms that a piece of the catalogue may name."""
