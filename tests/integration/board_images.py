"""What the tests of every board's image share: a program without a model, and what it does on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from wwtool.base.assets import asset_dir
from wwtool.base.files import sha256_of
from wwtool.base.objects import Compilation, compile_objects
from wwtool.base.temporary import TemporaryFolder
from wwtool.device.protocol import Event, parse_event
from wwtool.engines.machines import WARNINGS
from wwtool.export.tflite import to_tflite
from wwtool.firmware import uf2
from wwtool.firmware.make_image import raw_image
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.platforms.load import load_platform
from wwtool.training.qat import QatNet

NANO_FLAGS = [
    "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-Os", "-ffreestanding",
    "-ffunction-sections", "-fdata-sections",
]  # fmt: skip
PICO_FLAGS = [
    "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections",
]  # fmt: skip
FAKE_PROGRAM = Path(__file__).parent / "pico" / "fake_program.c"


def link_arm_board(board: Path, target: Path, flags: Sequence[str], script: str = "link.ld") -> None:
    """Links the board's code, from ``board``, with the fake program."""
    templates = asset_dir("firmware_templates")
    core, shared = templates / "core", [templates / "boards" / name for name in ("bare", "cortex_m", "usb_cdc")]
    own = {path.name: path for folder in (*shared, board) for path in sorted(folder.glob("*.[cS]"))}
    sources = [*own.values(), *sorted(core.glob("*.c")), FAKE_PROGRAM]
    map_file = f"-Wl,-Map={target.with_suffix('.map')}"
    link_flags = ["-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--fatal-warnings", map_file]
    link_sources(
        ["arm-none-eabi-gcc", *flags], sources, (core, board, *shared), target,
        [*link_flags, "-T", str(board / script)], ["-lgcc"], board,
    )  # fmt: skip


def link_sources(
    compiler: Sequence[str], sources: Sequence[Path], folders: Sequence[Path], target: Path,
    link_flags: Sequence[str] = (), libraries: Sequence[str] = (), board: Path | None = None,
) -> None:  # fmt: skip
    """Compiles and links sources whose headers are in ``folders``; what was compiled before is not compiled again.

    A changed copy of a board is ``board``, the folder that the compiler runs in, so that it shares all other objects.
    """
    here = (board or folders[0]).resolve()
    names = [str(path.relative_to(here)) if path.is_relative_to(here) else str(path) for path in sources]
    command = (*compiler, *WARNINGS, *(f"-I{folder}" for folder in folders))
    with TemporaryFolder("objects") as objects:
        made = [Compilation(command, name, objects / f"{number}.o") for number, name in enumerate(names)]
        failure = compile_objects(made, here)
        assert failure is None, failure
        linked = [str(one.target) for one in made]
        subprocess.run([*compiler, *link_flags, "-o", str(target), *linked, *libraries], check=True)


def link_for_ram(board: Path, target: Path, flags: Sequence[str]) -> tuple[int, bytes]:
    """Links the board's code for RAM, as a probe or a boot loader starts it; returns its address and its bytes."""
    link_arm_board(board, target, flags, script="ram.ld")
    return raw_image(target.read_bytes())


def link_linux_board(platform: str, target: Path, compiler: str, flags: Sequence[str]) -> None:
    """Links a platform's Linux program with the fake program."""
    folders = [*load_platform(platform).code_folders, asset_dir("firmware_templates") / "core"]
    sources = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    link_sources([compiler, *flags], [*sources, FAKE_PROGRAM], folders, target)


def pico_elf(folder: Path) -> Path:
    """The Pico's board code with the fake program, linked in ``folder``."""
    target = folder / "fake.elf"
    link_arm_board(asset_dir("firmware_templates") / "boards" / "pico", target, PICO_FLAGS)
    return target


def pico_image(elf: Path) -> Path:
    """What lies in the Pico's flash, beside its ELF."""
    raw = elf.with_suffix(".raw")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(raw)], check=True)
    target = elf.with_suffix(".bin")
    target.write_bytes(uf2.patch_boot2(raw.read_bytes()))
    return target


def nano_image(target: Path, board: Path | None = None) -> Path:
    """Links the Nano 33 BLE's code, or a changed copy of it, to ``target`` and returns its ``.bin`` beside that."""
    link_arm_board(board or asset_dir("firmware_templates") / "boards" / "nano33ble", target, NANO_FLAGS)
    image = target.with_suffix(".bin")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(target), str(image)], check=True)
    return image


def changed_board(name: str, target: Path, file: str, old: str, new: str) -> Path:
    """A copy of a board's code in ``target`` with a change in a file of its own or of the shared ones."""
    boards = asset_dir("firmware_templates") / "boards"
    shutil.copytree(boards / name, target)
    sources = [folder / file for folder in (boards / name, boards / "usb_cdc", boards / "cortex_m", boards / "bare")]
    text = next(path for path in sources if path.is_file()).read_text()
    assert old in text
    (target / file).write_text(text.replace(old, new))
    return target


def host_events(tmp_path: Path, samples: np.ndarray) -> list[Event]:
    """What the same core and program report on this machine."""
    program = tmp_path / "host"
    link_linux_board("host", program, "cc", ["-O1"])
    script = b"ww-reset%ww-prob 1%"
    for start in range(0, len(samples), 512):
        block = samples[start : start + 512].astype("<i2").tobytes()
        script += b"ww-pcm %d%%" % len(block) + block
    out = subprocess.run(
        [program, "--no-audio"], input=script, capture_output=True, check=True, timeout=30
    ).stdout.decode()
    return [event for line in out.splitlines() if (event := parse_event(line))]


def random_tflite(model: str) -> bytes:
    """The .tflite of a zoo model with random weights, large enough for its outputs to differ."""
    generator = torch.Generator().manual_seed(3)
    architecture = ZOO[model]
    net = QatNet(Network(architecture).eval(), 0.0)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    net.calibrate(torch.rand((16, architecture.receptive_frames + 30, 40), generator=generator) * 26.0)
    return to_tflite(net.quantized(), model)[0]


def write_manifest(folder: Path, platform: str, **images: str) -> None:
    """As much of a build's manifest as an emulator reads, of the files that are there."""
    files = [name for name in images.values() if (folder / name).is_file()]
    manifest = {
        "schema": "wwtool.manifest", "platform": platform, "phrase": "fake", "model": {"sha256": "00"},
        "profile": load_platform(platform).recorded(), "image": images,
        "outputs": {name: {"sha256": sha256_of(folder / name)} for name in files},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))


def ends_with_its_parent(emulator: str, image: Path, /, **options: str | bool) -> bool:
    """Whether the process that ``wwtool.emulators.<emulator>`` starts ends when its parent is killed."""
    script = (
        f"import os, sys, pathlib; from wwtool.emulators import {emulator}\n"
        f"emulator = {emulator}.start(pathlib.Path(sys.argv[1]), **{options!r})\n"
        "print(emulator._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    out = subprocess.run([sys.executable, "-c", script, str(image)], capture_output=True, text=True, check=False).stdout
    deadline = time.monotonic() + 10
    while Path(f"/proc/{int(out)}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not Path(f"/proc/{int(out)}").exists()
