"""The YAML of ESPHome for each of the common devices."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.compiler.emit.c_text import comment_text, template_environment
from wwtool.errors import InputError
from wwtool.packages.package_format import Content

_TEMPLATES = "frameworks/esphome"
_ENDING = ".yaml.j2"
WHOLE: Final = "devices"
"""The folder of configurations that say everything of a device."""
MAKERS: Final = "makers"
"""The folder of those that add to what a maker has published, which lists models of its own."""


@dataclass(frozen=True)
class Runtime:
    """How a YAML gets its models to run.

    Attributes:
        ending: what follows the name of a model under ``model:``.
        oldest: the oldest version of ESPHome.
        kinds: the folders with the YAMLs of devices on which it runs.
        components: the folder of ESPHome's external components; "" if it needs none.
    """

    ending: str
    oldest: str
    kinds: tuple[str, ...]
    components: str = ""


INTERPRETED = Runtime(".json", "2025.5.0", (WHOLE, MAKERS))
"""ESPHome's own ``micro_wake_word``; this version is the first with a ``microphone`` below it."""


def device_names(runtime: Runtime = INTERPRETED) -> list[str]:
    """The devices that there is a YAML for."""
    return sorted(path.name.removesuffix(_ENDING) for path in _templates(runtime))


def device_text(content: Content, device: str, runtime: Runtime = INTERPRETED) -> str:
    """The YAML of a device with all models of the content. A model whose phrase is "vad" gates the others."""
    gates = [model for model in content.models if model.gates]
    words = [model for model in content.models if model not in gates]
    values = {
        "title": comment_text(", ".join(word.phrase for word in words)),
        "version": __version__,
        "device": device,
        "oldest": runtime.oldest,
        "components": runtime.components,
        "words": [{"id": f"ww_{word.name}", "model": json.dumps(word.name + runtime.ending)} for word in words],
        "gate": json.dumps(gates[0].name + runtime.ending) if gates else None,
    }
    template = next(path for path in _templates(runtime) if path.name == device + _ENDING)
    return template_environment(_TEMPLATES).get_template(f"{template.parent.name}/{template.name}").render(values)


def require_word(content: Content) -> None:
    """Raises InputError if no model of the content listens for a wake word."""
    if all(model.gates for model in content.models):
        raise InputError(f"'{content.phrase}' only tells speech from the rest, and ESPHome wants a wake word beside it")


def write_devices(folder: Path, content: Content, runtime: Runtime = INTERPRETED) -> None:
    """Writes the YAML of every device."""
    for device in device_names(runtime):
        write_text(folder / f"{device}.yaml", device_text(content, device, runtime))


def _templates(runtime: Runtime) -> list[Path]:
    root = asset_dir("firmware_templates") / _TEMPLATES
    return [path for kind in runtime.kinds for path in (root / kind).glob(f"*{_ENDING}")]
