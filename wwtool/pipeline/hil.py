"""The hardware-in-the-loop suites by name, and what they expect of a board, computed on the host from a build."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.cancellation import Cancellation
from wwtool.base.files import sha256_of
from wwtool.base.records import MANIFEST, read_array, read_manifest
from wwtool.data.audio import read_audio
from wwtool.device import suites
from wwtool.device.plausible import BoardFacts
from wwtool.device.session import DeviceInfo, Session
from wwtool.device.suites import ParityGroup, SuiteResult
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.firmware.builds import read_build
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.packages.c_text import console_text
from wwtool.pipeline.vectors import FEATURES, RECORDING
from wwtool.pipeline.vectors import FOLDER as VECTORS
from wwtool.platforms.load import load_platform, platform_names
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

_RANDOM_ROWS = 200
_LINUX_STACK_BYTES = 256 * 1024  # boards/linux/stack.c


@dataclass(frozen=True)
class Expectation:
    """What a board must do that runs a build.

    Attributes:
        platform: the platform's name.
        content: the model, as .tflite.
        sha256: the model's digest.
        identity: what the board must report, by field of ``DeviceInfo``.
        facts: what the board's values can be.
        stack_bytes: bytes reserved for the stack; None if unknown.
        inference_us: the longest inference allowed.
    """

    folder: Path
    platform: str
    content: bytes
    sha256: str
    detector: DetectorConfig
    identity: dict[str, str | int]
    facts: BoardFacts
    stack_bytes: int | None
    inference_us: float

    @staticmethod
    def of(folder: Path, platform: Platform | None = None) -> Expectation:
        """Reads a build folder. ``platform`` is the profile that it was built for, if that is a user's.

        Raises:
            InputError: the folder has no manifest of this version, or its model is not the manifest's, or it is the
                project of a framework, whose program does not answer.
        """
        made = read_build(folder, platform)
        made.require_images()
        model, expected = folder / "model.tflite", made.model_sha256
        try:
            build = _from_manifest(folder, read_manifest(folder), made.platform, expected)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"{folder / MANIFEST} is not a manifest of this version; build again") from error
        if not model.is_file() or sha256_of(model) != expected:
            raise InputError(f"{model} is not the model that {folder} was built with; build again")
        content = model.read_bytes()
        graph = parse_model(content)
        source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
        frames = source.shape[1]
        geometry = graph.front_end.geometry
        shapes = {
            "input_bytes": source.nbytes, "output_bytes": result.nbytes, "input_frames": frames,
            "step_samples": geometry.step_samples,
        }  # fmt: skip
        facts = replace(build.facts, hop_frames=frames, frame_ms=geometry.hop_ms, geometry=geometry)
        return replace(build, content=content, identity={**build.identity, **shapes}, facts=facts)


def _from_manifest(folder: Path, manifest: dict[str, Any], platform: Platform, sha256: str) -> Expectation:
    """The expectation as far as the manifest has it; KeyError, TypeError and others if it is not a manifest."""
    final = manifest["final"]
    limits = {line["name"]: float(line["limit"]) for line in final["limits"]}
    if not all(0.0 < limit < math.inf for limit in limits.values()):  # with NaN, everything would pass
        raise ValueError("a limit is not a number above 0")
    counts_cycles = final["cycles"] is not None and "cycles" not in final["estimated"]
    facts = _facts(platform, counts_cycles)
    reserved = _LINUX_STACK_BYTES if platform.is_linux else int(final["sizes"]["stack_reserved"])
    return Expectation(
        folder=folder,
        platform=platform.name,
        content=b"",
        sha256=sha256,
        detector=DetectorConfig.model_validate(manifest["detector"]),
        identity={
            "version": str(manifest["wwtool"]),
            "phrase": console_text(str(manifest["phrase"])),
            "arena_bytes": int(final["arena_bytes"]),
            "state_bytes": int(final["state_bytes"]),
            "sample_rate_hz": SAMPLE_RATE_HZ,
        },
        facts=replace(facts, macs=int(manifest["model"]["macs"]), duty_percent=limits.get("duty cycle")),
        stack_bytes=reserved or None,
        inference_us=limits.get("latency", platform.budget.latency_ms) * 1000.0,
    )


def _is_board_of(build: Expectation, name: str) -> bool:
    """Whether the build is for a board of that name.

    A shipped board is called like the folder of its code. A user's code may call it anything, so the name must be in
    the program.
    """
    if build.platform in platform_names():
        return name == load_platform(build.platform).board_folder.name
    programs = [path for path in (build.folder / "image").glob("*.elf") if path.is_file()]
    if not programs:
        raise InputError(f"{build.folder / 'image'} has no .elf, which knows the board's name; build again")
    return name != "" and any(name.encode() + b"\0" in program.read_bytes() for program in programs)


def _facts(platform: Platform, counts_cycles: bool) -> BoardFacts:
    clock_hz = platform.chip.clock_hz if counts_cycles and not platform.is_linux else None
    return BoardFacts(clock_hz, platform.memory.ram_bytes)


def _facts_without_build(info: DeviceInfo) -> tuple[BoardFacts, float | None]:
    """What is known of a board from its name, and the longest inference allowed in us.

    That is the profile's limit, but never more than the time until the next inference is due.
    """
    hop_us = info.input_frames * info.step_samples * 1e6 / SAMPLE_RATE_HZ or None
    if info.board not in platform_names():
        return suites.UNKNOWN, hop_us
    platform = load_platform(info.board)
    facts = replace(
        _facts(platform, True), hop_frames=info.input_frames or None, frame_ms=1e3 * info.step_samples / SAMPLE_RATE_HZ
    )
    limit_us = platform.budget.latency_ms * 1000.0
    return replace(facts, duty_percent=platform.budget.duty_percent), min(limit_us, hop_us or limit_us)


def check_device(info: DeviceInfo, build: Expectation) -> None:
    """Refuses a board that does not run this very build.

    Raises:
        DeviceError: it runs another model, is another board, or reports what cannot be.
    """
    if info.sha256 != build.sha256:
        raise DeviceError(
            f"the board runs '{info.phrase}' with model {info.sha256[:12]}, the build has {build.sha256[:12]}; flash it"
        )
    if not _is_board_of(build, info.board):
        raise DeviceError(
            f"the board says that it is '{info.board}', the build is for {build.platform}; check the port, or flash it"
        )
    for field, expected in build.identity.items():
        reported = getattr(info, field)
        if reported != expected:
            raise DeviceError(
                f"the board says that its {field.replace('_', ' ')} is {reported!r}, the build has {expected!r}; check "
                "the port, or flash it"
            )


@dataclass(frozen=True)
class Bench:
    """A board that is connected, and what to test on it.

    Attributes:
        build: the build on it; None where the suites need none.
        wav: the recording to stream; None: the build's.
        soak_s: how long the soak suite runs.
        cancel: checked while it runs.
    """

    session: Session
    info: DeviceInfo
    build: Expectation | None
    wav: Path | None
    soak_s: float
    cancel: Cancellation

    def facts(self) -> tuple[BoardFacts, float | None]:
        """What the board's values can be, and the longest inference allowed in us."""
        if self.build is None:
            return _facts_without_build(self.info)
        return self.build.facts, self.build.inference_us


@dataclass(frozen=True)
class Suite:
    """A suite of tests as ``wwtool hil --suite`` names it. With ``needs_build`` it compares with what a build gives."""

    run: Callable[[Bench], SuiteResult]
    needs_build: bool = False


def _latency(bench: Bench) -> SuiteResult:
    facts, inference_us = bench.facts()
    return suites.latency(bench.session, inference_limit_us=inference_us, board=facts)


def _memory(bench: Bench) -> SuiteResult:
    return suites.memory(bench.session, bench.build.stack_bytes if bench.build else None, bench.facts()[0])


def _stream(bench: Bench) -> SuiteResult:
    audio, build = _audio(bench)
    detections, probabilities = expected_stream(build, audio)
    return suites.stream(bench.session, audio, detections, probabilities)


def _soak(bench: Bench) -> SuiteResult:
    audio, build = _audio(bench)
    detections, _ = expected_stream(build, audio)
    return suites.soak(bench.session, audio, detections, bench.soak_s, bench.cancel)


def _audio(bench: Bench) -> tuple[npt.NDArray[np.int16], Expectation]:
    assert bench.build is not None
    return read_audio(bench.wav or bench.build.folder / VECTORS / RECORDING), bench.build


def _parity(bench: Bench) -> SuiteResult:
    assert bench.build is not None
    result = suites.parity(bench.session, parity_groups(bench.build))
    if any(case.name == "real" for case in result.cases):
        return result
    file = bench.build.folder / VECTORS / FEATURES
    return replace(result, cases=(*result.cases, suites.not_checked("real", f"{file} is not there; build again")))


SUITES = {
    "parity": Suite(_parity, needs_build=True),
    "stream": Suite(_stream, needs_build=True),
    "latency": Suite(_latency),
    "memory": Suite(_memory),
    "soak": Suite(_soak, needs_build=True),
}


def parity_groups(build: Expectation) -> list[ParityGroup]:
    """200 random and 50 real inputs, and the bytes that the generated C gives for them on the host, in one stream."""
    with NativeEngine(build.content) as engine:
        groups = []
        rows: dict[str, npt.NDArray[Any]] = {"random": random_rows(engine.model.program.graph, _RANDOM_ROWS)[0]}
        real = build.folder / VECTORS / FEATURES
        if real.is_file():
            rows["real"] = read_array(real)
        for name, inputs in rows.items():
            groups.append(ParityGroup(name, inputs, engine.run(inputs), carry_state=True))
    return groups


def expected_stream(
    build: Expectation, audio: npt.NDArray[np.int16]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(frame, probability) of every detection and of every inference."""
    with closing(StreamingModel(build.content, gate=SilenceGate.of(build.detector))) as model:
        p = model.probabilities(model.front_end.quantized([audio]))
        outputs = [(model.frame_of(i), int(value)) for i, value in enumerate(p)]
    return [outputs[i] for i in detect(p, build.detector)], outputs
