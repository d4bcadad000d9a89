"""ESPHome: the streaming model, its manifest, and a complete YAML for each of the common devices."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import write_bytes, write_text
from wwtool.base.text import for_shell
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages.esphome.arena import arena_bytes
from wwtool.packages.esphome.contract import require_contract
from wwtool.packages.esphome.devices import require_word, write_devices
from wwtool.packages.esphome.manifest import cutoff_of, manifest_of, manifest_text
from wwtool.packages.package_format import Advice, Content, PackageFormat
from wwtool.tflite.reader import parse_model

PRODUCTS = (".esphome/*", ".gitignore")
"""What ESPHome puts beside a YAML."""
SECRETS = "secrets.yaml"
"""The passwords of its user."""


class Esphome(PackageFormat):
    """A folder for ESPHome's ``micro_wake_word``, which runs the .tflite with TFLM."""

    name = "esphome"
    products = PRODUCTS
    kept = (SECRETS,)

    def require_front_end(self, front_end: FrontEnd) -> None:
        if front_end != DEFAULT_FRONT_END:
            raise InputError(
                f"ESPHome makes the features of the front end {DEFAULT_FRONT_END.name} and of no other; leave frontend "
                f"out of the config, which says {front_end.name}, or choose another format than {self.name}"
            )

    def check(self, content: Content) -> None:
        require_word(content)
        self.require_front_end(content.model.program.graph.front_end)
        for model in content.models:
            require_contract(parse_model(model.tflite), model.phrase)
            cutoff_of(model.detector)

    def render(self, folder: Path, content: Content) -> None:
        for model in content.models:
            write_bytes(folder / f"{model.name}.tflite", model.tflite)
            manifest = manifest_of(model, arena_bytes(model.tflite, model.phrase))
            write_text(folder / f"{model.name}.json", manifest_text(manifest))
        write_devices(folder, content)

    def use(self, project: Path) -> list[Advice]:
        return flash_a_device(project)


def flash_a_device(project: Path) -> list[Advice]:
    """What a user does with a folder of YAMLs."""
    devices = ", ".join(path.stem for path in sorted(project.glob("*.yaml")) if path.name != SECRETS)
    return [
        Advice("devices", devices),
        Advice("flash", f"esphome run {for_shell(project / 'DEVICE.yaml')}"),
    ]
