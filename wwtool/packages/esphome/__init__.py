"""ESPHome: the streaming model, its manifest, and a complete YAML for each of the common devices."""

from __future__ import annotations

import json
from pathlib import Path

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_bytes, write_text
from wwtool.base.text import for_shell
from wwtool.compiler.emit.c_text import comment_text, template_environment
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages.esphome.arena import arena_bytes
from wwtool.packages.esphome.contract import require_contract
from wwtool.packages.esphome.manifest import cutoff_of, manifest_of, manifest_text
from wwtool.packages.package_format import Advice, Content, PackageFormat
from wwtool.tflite.reader import parse_model

_TEMPLATES = "frameworks/esphome"
_DEVICES = "devices"


class Esphome(PackageFormat):
    """A folder for ESPHome's ``micro_wake_word``, which runs the .tflite with TFLM."""

    name = "esphome"
    products = (".esphome/*", ".gitignore", "secrets.yaml")

    def require_front_end(self, front_end: FrontEnd) -> None:
        if front_end != DEFAULT_FRONT_END:
            raise InputError(
                f"ESPHome makes the features of the front end {DEFAULT_FRONT_END.name} and of no other; leave frontend "
                f"out of the config, which says {front_end.name}, or choose another format than {self.name}"
            )

    def check(self, content: Content) -> None:
        self.require_front_end(content.model.program.graph.front_end)
        for model in content.models:
            require_contract(parse_model(model.tflite), model.phrase)
            cutoff_of(model.detector)

    def render(self, folder: Path, content: Content) -> None:
        for model in content.models:
            write_bytes(folder / f"{model.name}.tflite", model.tflite)
            manifest = manifest_of(model, arena_bytes(model.tflite, model.phrase))
            write_text(folder / f"{model.name}.json", manifest_text(manifest))
        for device in device_names():
            write_text(folder / f"{device}.yaml", device_text(content, device))

    def use(self, project: Path) -> list[Advice]:
        devices = ", ".join(path.stem for path in sorted(project.glob("*.yaml")))
        return [
            Advice("devices", devices),
            Advice("flash", f"esphome run {for_shell(project / 'DEVICE.yaml')}"),
        ]


def device_names() -> list[str]:
    """The devices that there is a YAML for."""
    folder = asset_dir("firmware_templates") / _TEMPLATES / _DEVICES
    return sorted(path.name.removesuffix(".yaml.j2") for path in folder.glob("*.yaml.j2"))


def device_text(content: Content, device: str) -> str:
    """The YAML of a device with all models of the content. A model whose phrase is "vad" gates the others."""
    gates = [model for model in content.models if model.gates]
    words = [model for model in content.models if model not in gates]
    values = {
        "title": comment_text(", ".join(word.phrase for word in words)),
        "version": __version__,
        "device": device,
        "words": [{"id": f"ww_{word.name}", "file": json.dumps(f"{word.name}.json")} for word in words],
        "gate": json.dumps(f"{gates[0].name}.json") if gates else None,
    }
    return template_environment(_TEMPLATES).get_template(f"{_DEVICES}/{device}.yaml.j2").render(values)
