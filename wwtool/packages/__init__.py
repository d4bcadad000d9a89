"""Package formats: what a compiled model is delivered as. ``FORMATS`` is the registry."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.errors import UsageError
from wwtool.packages.arduino import Arduino
from wwtool.packages.bare_metal import BareMetal
from wwtool.packages.cmake import CMake
from wwtool.packages.esp_idf import EspIdf
from wwtool.packages.esphome import Esphome
from wwtool.packages.esphome.component import EsphomeComponent
from wwtool.packages.makefile import Makefile
from wwtool.packages.package_format import PackageFormat
from wwtool.packages.pico_sdk import PicoSdk
from wwtool.packages.platformio import PlatformIo
from wwtool.packages.tflm import Tflm
from wwtool.packages.zephyr import Zephyr

DEFAULT = BareMetal.name

_ALL: tuple[PackageFormat, ...] = (
    BareMetal(), Esphome(), EsphomeComponent(), EspIdf(), PicoSdk(), Arduino(), Zephyr(), PlatformIo(), Tflm(), CMake(),
    Makefile(),
)  # fmt: skip
FORMATS: Registry[PackageFormat] = Registry("frameworks", {package.name: package for package in _ALL})


def names() -> tuple[str, ...]:
    """The formats that ``wwtool build --framework`` takes."""
    return tuple(FORMATS)


def look_up(name: str) -> PackageFormat:
    """The format of a name.

    Raises:
        UsageError: there is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    raise UsageError(
        f"wwtool cannot build a project for '{name}', only for {', '.join(names())}; leave --framework out, or choose "
        "one of these"
    )
