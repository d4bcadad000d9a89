"""An estimate of the energy a firmware takes, from its duty cycle and what the chip draws awake and asleep."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.platforms.profile import Energy, Figure, Platform


@dataclass(frozen=True)
class Pattern:
    """Power for a share of time in which something is to be heard.

    With the gate (``detector.silence_gate``), inferences run in that share of time only, and the front end always.

    Attributes:
        name: what the pattern is called.
        open_percent: the share of time in which the gate is open.
        duty_percent: the duty cycle with the gate.
        mean_mw: the mean power without the gate.
        gated_mean_mw: with it.
    """

    name: str
    open_percent: float
    duty_percent: float
    mean_mw: float
    gated_mean_mw: float


@dataclass(frozen=True)
class EnergyUse:
    """Mean power in mW, energy of a hop (an inference and its feature frames) in mJ, and what they rest on.

    The mean power is of a model that always runs; ``patterns`` says what the gate would save.
    """

    mean_mw: float
    mj_per_hop: float
    assumptions: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()


PATTERNS = {"silence": 0.0, "a day with some speech": 10.0, "constant speech": 100.0}
"""The share of time in which the gate is open, in percent, by name."""


def energy_use(
    platform: Platform, duty_percent: float, hop_ms: float, inference_percent: float = 0.0
) -> EnergyUse | None:
    """The energy of a core that works ``duty_percent`` of the time; None where the profile has no currents.

    Args:
        platform: the profile with the currents.
        duty_percent: front end and inferences.
        hop_ms: the time between two inferences.
        inference_percent: the part of ``duty_percent`` that inferences take.

    >>> from wwtool.platforms.load import load_platform
    >>> use = energy_use(load_platform("nano33ble"), 10.0, 30.0, 4.0)
    >>> round(use.mean_mw, 2), round(use.mj_per_hop, 3)
    (6.83, 0.205)
    >>> [(p.open_percent, round(p.duty_percent, 1), round(p.gated_mean_mw, 2)) for p in use.patterns]
    [(0.0, 6.0, 6.21), (10.0, 6.4, 6.27), (100.0, 10.0, 6.83)]
    """
    energy = platform.energy
    if energy is None:
        return None
    mean_mw = _mean_mw(energy, duty_percent)
    patterns = []
    for name, share in PATTERNS.items():
        duty = duty_percent - inference_percent * (1.0 - share / 100.0)
        patterns.append(Pattern(name, share, duty, mean_mw, _mean_mw(energy, duty)))
    return EnergyUse(mean_mw, mean_mw * hop_ms / 1000.0, _assumptions(energy), tuple(patterns))


def _mean_mw(energy: Energy, duty_percent: float) -> float:
    busy = min(duty_percent, 100.0) / 100.0
    return energy.supply_volts * (energy.active_ma.value * busy + energy.sleep_ma.value * (1.0 - busy))


def _assumptions(energy: Energy) -> tuple[str, ...]:
    currents: list[tuple[str, Figure]] = [("awake", energy.active_ma), ("between", energy.sleep_ma)]
    if energy.deaf_ma is not None:
        currents.append(("asleep and deaf", energy.deaf_ma))
    return (
        f"energy: {energy.supply_volts:g} V, the chip alone: no microphone, LED, regulator or radio",
        *(f"{when} {figure.value:g} mA ({figure.kind}: {figure.source})" for when, figure in currents),
    )
