"""Where files of the catalogue come from: one file for each origin, and the registry of them."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.data.origins.interface import Origin
from wwtool.data.origins.npm import Npm
from wwtool.data.origins.pypi import Pypi
from wwtool.data.origins.url import Url

ORIGINS: Registry[Origin] = Registry("origin", {"url": Url(), "pypi": Pypi(), "npm": Npm()})
"""The origins that a piece of the catalogue may name."""
