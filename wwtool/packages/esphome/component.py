"""An external component for ESPHome: the compiled models in place of ``micro_wake_word`` and its interpreter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wwtool import __version__
from wwtool.base.files import write_text
from wwtool.packages.esphome import PRODUCTS, SECRETS, flash_a_device
from wwtool.packages.esphome.devices import WHOLE, Runtime, device_names, require_word, write_devices
from wwtool.packages.framework import Framework
from wwtool.packages.package_format import Advice, Content

_VERSION = 1  # of models.json, which compiled.py of the component reads
_COMPONENTS = "components"
# The first version whose C++ the component has been compiled against.
COMPILED = Runtime("", "2026.6.0", (WHOLE,), _COMPONENTS)


class EsphomeComponent(Framework):
    """A component of the name ``micro_wake_word``, which ESPHome takes instead of its own."""

    name = "esphome-component"
    library = f"{_COMPONENTS}/micro_wake_word"
    products = (*PRODUCTS, f"{library}/__pycache__/*")
    kept = (SECRETS,)

    def check(self, content: Content) -> None:
        require_word(content)
        super().check(content)

    def render(self, folder: Path, content: Content) -> None:
        super().render(folder, content)
        write_devices(folder, content, COMPILED)
        component = folder / self.library
        files = sorted(path.name for path in component.iterdir())
        write_text(component / "models.json", json.dumps(_models(content, files), indent=2, ensure_ascii=False) + "\n")

    def values(self, content: Content) -> dict[str, Any]:
        return {"devices": device_names(COMPILED), "oldest": COMPILED.oldest}

    def use(self, project: Path) -> list[Advice]:
        return flash_a_device(project)


def _models(content: Content, files: list[str]) -> dict[str, Any]:
    """What the component's Python has to know of its models and files."""
    models = [
        {
            "name": model.name,
            "number": number,
            "wake_word": model.phrase,
            "languages": [model.language.split("-")[0]],
            "threshold": model.detector.on_threshold,
            "window": model.detector.average_window,
            "gates": model.gates,
        }
        for number, model in enumerate(content.models)
    ]
    return {"version": _VERSION, "wwtool": __version__, "models": models, "files": files}
