"""Writes the project of every framework into a folder, with a random model: ``example_projects.py FOLDER``.

The folders are named after the framework, and after the board where the framework is for several.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wwtool import packages
from wwtool.budget.dry_build import random_tflite
from wwtool.config import BoardConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.models.zoo import ZOO
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import Content
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model

PHRASE, NAME, MODEL = "hey computer", "hey_computer", "tcn32"
# (folder, framework, platform, board)
PROJECTS = (
    *((f"esp-idf-{board}", "esp-idf", "esp32s3", board) for board in ("devkitc", "box-3", "xiao-sense")),
    ("tflm", "tflm", "esp32s3", "devkitc"),
    ("esphome-component", "esphome-component", "esp32s3", None),
    ("pico-sdk", "pico-sdk", "pico", None),
    ("zephyr", "zephyr", "nano33ble", None),
    *((f"{framework}-devkitc", framework, "esp32s3", "devkitc") for framework in ("arduino", "platformio")),
    *((f"{f}-{platform}", f, platform, None) for f in ("arduino", "platformio") for platform in ("pico", "nano33ble")),
)


def main(folder: Path) -> None:
    tflite = random_tflite(ZOO[MODEL], NAME)
    for name, framework, platform_name, board in PROJECTS:
        platform = load_platform(platform_name)
        if board:
            platform = platform.with_board(BoardConfig(preset=board))
        compiled = compile_for(platform, parse_model(tflite), NAME)
        content = Content(platform, compiled, tflite, PHRASE, DetectorConfig(), NAME)
        project = folder / name
        project.mkdir(parents=True, exist_ok=True)
        packages.look_up(framework).render(project, content)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
