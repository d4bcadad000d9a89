"""Archives that are read while they come, so that they never lie on the disk whole; one file for each form."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.data.archives.incoming import Incoming, Opener
from wwtool.data.archives.tar import tar_members
from wwtool.data.archives.zip import zip_members

__all__ = ["ARCHIVES", "Incoming", "Opener"]

ARCHIVES: Registry[Opener] = Registry("form", {"tar": tar_members, "zip": zip_members})
"""Forms that a data set of the catalogue may have."""
