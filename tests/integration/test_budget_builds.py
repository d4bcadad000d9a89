"""Dry builds: equal to the final firmware to the byte, cached, estimated without tools, refused with a table."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from cli import Result, run_here

from wwtool.budget import cache
from wwtool.budget import dry_build as dry_builds
from wwtool.budget.dry_build import OverBudgetError, cost_of, dry_build, measure_cost, random_model, require_fit
from wwtool.budget.estimate import estimated_cycles, estimated_sizes
from wwtool.budget.result import within
from wwtool.compiler.package import CompiledModel
from wwtool.config import BudgetConfig
from wwtool.errors import ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.firmware.sizes import Sizes
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model
from wwtool.training.qat import QatNet

BOARDS = ("pico", "nano33ble", "esp32s3")
ODD = TemporalArchitecture(first_channels=20, width=36, first_kernel=4, stride=2, kernels=(7, 3, 11), head_steps=3)
HUGE = TemporalArchitecture(first_channels=128, width=256)
# What the analytic model is held to, in percent.
SIZE_GOAL, CYCLES_GOAL = 3.0, 15.0
REFIT = "code of the core or of a board has changed? python bench/budget_fit.py --base"


def _tool_missing(name: str) -> str:
    try:
        find_toolchain(load_platform(name))
    except ToolError as error:
        return str(error)
    return ""


def _board(name: str, *more: object) -> object:
    missing = _tool_missing(name)
    return pytest.param(name, *more, marks=pytest.mark.skipif(bool(missing), reason=missing))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "cache")
    return tmp_path / "cache"


# Equal to the byte


def _trained(name: str, architecture: Architecture, kind: str) -> CompiledModel:
    """A model with weights as training leaves them: "tails" that are heavy, "dead" channels of all but nothing, or
    "even" ones, which give layers the same right shifts."""
    generator = torch.Generator().manual_seed(5)
    net = QatNet(Network(architecture).eval(), 0.7)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) ** 3 * 0.05)
                parameter[::5] *= 1e-9 if kind == "dead" else 1.0
                if kind == "even":
                    parameter.copy_(torch.sign(parameter) * 0.1)
    net.calibrate(torch.rand((16, architecture.receptive_frames + 30, 40), generator=generator) * 26.0)
    return compile_for(load_platform(name), parse_model(to_tflite(net.quantized(), "x")[0]), "hey")


def _linked(name: str, model: CompiledModel, phrase: str, detector: DetectorConfig) -> Sizes:
    platform = load_platform(name)
    toolchain = find_toolchain(platform)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        project = write_project(folder / "project", platform, toolchain, model, phrase, detector)
        return build_image(project, platform, toolchain, folder / "objects", folder / "image", "x").sizes


@pytest.mark.parametrize("name", [_board(name) for name in BOARDS])
def test_sizes_do_not_depend_on_weights(name: str) -> None:
    platform = load_platform(name)
    dry = _linked(name, random_model(platform, ZOO["tcn32"], "tcn32"), "hey you", DetectorConfig())
    other = DetectorConfig(on_threshold=250, off_threshold=99, lockout=300, warmup=1)
    for kind in ("tails", "dead", "even"):
        assert _linked(name, _trained(name, ZOO["tcn32"], kind), "hey you", other) == dry, kind


def test_sizes_are_those_of_the_very_phrase() -> None:
    platform = load_platform("pico")
    short, long = (dry_build(platform, "tcn32", phrase, BudgetConfig()) for phrase in ("hey", "hey there computer"))
    assert 20 <= long.sizes.flash - short.sizes.flash <= 40
    assert long.sizes.ram == short.sizes.ram
    model = random_model(platform, ZOO["tcn32"], "another name")
    assert _linked("pico", model, "hey there computer", DetectorConfig()) == long.sizes


# What it says


def _budget(capsys: pytest.CaptureFixture[str], *arguments: str) -> Result:
    return run_here(capsys, "budget", *arguments)


def test_all_candidates_in_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    result = _budget(capsys, "--platform", "nano33ble")
    assert (result.code, result.err) == (0, "")
    for model in ZOO:
        assert len(re.findall(rf"^{model} .* fits$", result.out, re.MULTILINE)) == 1
    assert "estimated" not in result.out
    assert "6.3 mA" in result.out


def test_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = _budget(capsys, "--platform", "pico", "--model", "tcn32", "--framework", "pico-sdk", "--json")
    value = json.loads(result.out)
    assert (value["schema"], value["version"], value["framework"]) == ("wwtool.budget", 2, "pico-sdk")
    assert value["framework_reserve"]["flash_bytes"]["kind"] in ("measured", "published", "estimate")
    (model,) = value["models"]
    sizes = model["sizes"]
    for memory in ("flash", "ram"):
        assert sum(part[memory] for part in sizes["parts"]) == sizes[memory]
    assert 500 < model["stack_bytes"] < sizes["stack_reserved"]
    assert {line["name"] for line in model["limits"]} == {"flash", "RAM", "stack", "latency", "duty cycle"}
    assert model["energy"]["mj_per_hop"] == pytest.approx(model["energy"]["mean_mw"] * model["hop_ms"] / 1000)
    assert (model["estimated"], model["linked"], value["remedy"]) == ([], True, None)


@pytest.mark.slow
def test_over_budget_is_a_table_and_a_remedy(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text("budget: {flash_bytes: 38000}\n")
    result = _budget(capsys, "--platform", "pico", "--model", "tcn64", "--config", str(tmp_path / "strict.yaml"))
    result.refused(3, "tcn64 does not fit", "38,000", "tcn32 would fit: --model tcn32")
    assert "weights" in result.out
    assert "over" in result.out
    result = _budget(capsys, "--platform", "pico", "--config", str(tmp_path / "strict.yaml"))
    assert result.code == 0
    assert re.search(r"^tcn48 .* over$", result.out, re.MULTILINE)
    (named,) = re.findall(r"^(\w+) does not fit: flash ", result.out, re.MULTILINE)
    assert re.search(rf"^{named} .* over$", result.out, re.MULTILINE)
    (tmp_path / "strict.yaml").write_text("budget: {flash_bytes: 5000}\n")
    result = _budget(capsys, "--platform", "pico", "--config", str(tmp_path / "strict.yaml"))
    result.refused(3, "raise the budget", "budget.flash_bytes")


def test_a_framework_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    _budget(capsys, "--platform", "pico", "--framework", "esphome").refused(2, "pico.yaml", "esphome", "pico-sdk")
    build = ("build", "--platform", "esp32s3", "--phrase", "hey computer", "--framework", "mbed")
    run_here(capsys, *build).refused(2, "mbed", "bare-metal", "esp-idf")


@pytest.mark.parametrize(
    ("name", "over", "links"),
    [_board("esp32s3", "RAM", False), _board("esp32s3", "latency", True), _board("pico", "latency", True)],
)
def test_larger_than_the_chip(name: str, over: str, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large for the linker, as its state does not fit the RAM, or for the budget alone."""
    huge = HUGE if links else replace(HUGE, kernels=(*HUGE.kernels[:-1], 80 * HUGE.kernels[-1]))
    monkeypatch.setitem(ZOO, "huge", huge)
    platform = load_platform(name)
    with pytest.raises(OverBudgetError, match=r"huge does not fit .*: .*; \w+ would fit: --model") as caught:
        require_fit(platform, "huge", "hey you", BudgetConfig())
    result = caught.value.result
    line = result.line(over)
    assert line is not None
    assert not line.fits
    assert result.linked is links
    compiled = random_model(platform, huge, "huge")
    assert result.sizes.flash > result.sizes.model_flash > compiled.weight_bytes > 250_000
    assert sum(part.ram for part in result.sizes.parts) == result.sizes.ram
    assert ("cycles" in result.estimated) is not links


# The cache


def test_what_is_known_is_not_measured_again(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = load_platform("nano33ble")
    first = dry_build(platform, "tcn32", "hey you", BudgetConfig())
    (entry,) = own_cache.iterdir()
    written = entry.read_text()
    with monkeypatch.context() as patch:
        patch.setattr(dry_builds, "measure_model", lambda *_: pytest.fail("measured again"))
        strict = BudgetConfig(flash_bytes=20_000)
        again = dry_build(platform, "tcn32", "hey you", strict)
        assert not again.fits
        assert (again.sizes, again.cycles, again.stack_bytes) == (first.sizes, first.cycles, first.stack_bytes)
        with pytest.raises(pytest.fail.Exception):
            cost_of(platform, "tcn32", ZOO["tcn32"], "hey you", use_cache=False)
    entry.write_text(written[:200])
    assert dry_build(platform, "tcn32", "hey you", BudgetConfig()).sizes == first.sizes
    assert json.loads(entry.read_text())["sizes"] == json.loads(written)["sizes"]


@pytest.mark.parametrize("name", [_board("pico")])
def test_budgets_that_put_a_hop_in_the_same_memory_share_a_measurement(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = load_platform(name)
    strict, stricter = BudgetConfig(flash_bytes=40_000), BudgetConfig(flash_bytes=39_000)
    first = dry_build(platform, "tcn32", "hey you", strict)
    monkeypatch.setattr(dry_builds, "measure_model", lambda *_: pytest.fail("measured again"))
    for limits in (stricter, strict):
        again = dry_build(platform, "tcn32", "hey you", limits)
        assert (again.sizes, again.cycles, again.flash_waits) == (first.sizes, first.cycles, first.flash_waits)
    for other in (BudgetConfig(), BudgetConfig(ram_bytes=100_000)):  # which leave it in RAM
        with pytest.raises(pytest.fail.Exception):
            dry_build(platform, "tcn32", "hey you", other)


def test_a_cache_that_cannot_be_written_is_no_error(own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    assert dry_build(load_platform("host"), "tcn32", "hey you", BudgetConfig()).fits


# The analytic model


@pytest.mark.parametrize("name", [_board(name) for name in BOARDS])
def test_estimates_of_other_networks_hold_the_goals(name: str, tmp_path: Path) -> None:
    """Of a network that nothing was fitted to."""
    _hold(name, "odd", ODD, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [_board(name) for name in BOARDS])
@pytest.mark.parametrize("model", list(ZOO))
def test_estimates_of_the_zoo_hold_the_goals(name: str, model: str, tmp_path: Path) -> None:
    _hold(name, model, ZOO[model], tmp_path)


@pytest.mark.parametrize("name", [_board("pico")])
def test_estimates_hold_the_goals_where_a_hop_stays_in_flash(name: str, tmp_path: Path) -> None:
    strict = within(load_platform(name), BudgetConfig(flash_bytes=40_000))
    _hold_on(strict, "tcn32", ZOO["tcn32"], tmp_path)


def _hold(name: str, model: str, architecture: Architecture, folder: Path) -> None:
    _hold_on(load_platform(name), model, architecture, folder)


def _hold_on(platform: Platform, model: str, architecture: Architecture, folder: Path) -> None:
    cost = measure_cost(platform, find_toolchain(platform), model, architecture, "hey you", folder)
    compiled = random_model(platform, architecture, model)
    sizes, cycles = estimated_sizes(platform, compiled, "hey you"), estimated_cycles(platform, compiled)
    assert sizes is not None
    assert cycles is not None
    assert sizes.flash == pytest.approx(cost.sizes.flash, rel=SIZE_GOAL / 100), REFIT
    assert sizes.ram == pytest.approx(cost.sizes.ram, rel=SIZE_GOAL / 100), REFIT
    assert sizes.stack_reserved == cost.sizes.stack_reserved
    assert sum(part.flash for part in sizes.parts) == sizes.flash
    if "cycles" not in cost.estimated:
        assert cost.cycles is not None
        assert cycles.invoke == pytest.approx(cost.cycles.invoke, rel=CYCLES_GOAL / 100)
        assert cycles.frontend == pytest.approx(cost.cycles.frontend, rel=CYCLES_GOAL / 100)


@pytest.mark.parametrize("name", BOARDS)
def test_without_tools_it_is_an_estimate_and_says_so(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    result = _budget(capsys, "--platform", name, "--model", "tcn32")
    assert (result.code, result.err) == (0, "")
    assert "estimated by the analytic model" in result.out
    for what in ("flash", "RAM", "stack", "latency", "duty cycle"):
        assert re.search(rf"^{what} +~[0-9]", result.out, re.MULTILINE), what
    assert re.search(r"^weights +~[0-9]", result.out, re.MULTILINE)
    value = json.loads(_budget(capsys, "--platform", name, "--json").out)
    assert all(model["estimated"] == ["sizes", "cycles", "stack"] for model in value["models"])


def test_without_tools_the_host_cannot_be_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    _budget(capsys, "--platform", "host").refused(5, "no C compiler", "install")


def test_without_an_emulator_only_cycles_and_stack_are_estimated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not installed")
    monkeypatch.setenv("WWTOOL_RP2040JS", str(tmp_path))
    result = dry_build(load_platform("pico"), "tcn32", "hey you", BudgetConfig())
    assert result.estimated == ("cycles", "stack")
    assert result.fits
