"""An estimate of the energy a firmware takes, from its duty cycle and what the chip draws awake and asleep."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.platforms.profile import Platform


@dataclass(frozen=True)
class EnergyUse:
    """Mean power in mW, energy of a hop (an inference and its feature frames) in mJ, and what they rest on."""

    mean_mw: float
    mj_per_hop: float
    assumptions: tuple[str, ...]


def energy_use(platform: Platform, duty_percent: float, hop_ms: float) -> EnergyUse | None:
    """The energy of a core that works ``duty_percent`` of the time; None where the profile has no currents.

    >>> from wwtool.platforms.load import load_platform
    >>> use = energy_use(load_platform("nano33ble"), 10.0, 30.0)
    >>> round(use.mean_mw, 2), round(use.mj_per_hop, 3)
    (6.83, 0.205)
    """
    energy = platform.energy
    if energy is None:
        return None
    busy = min(duty_percent, 100.0) / 100.0
    milliamperes = energy.active_ma.value * busy + energy.sleep_ma.value * (1.0 - busy)
    mean_mw = energy.supply_volts * milliamperes
    return EnergyUse(mean_mw, mean_mw * hop_ms / 1000.0, _assumptions(platform))


def _assumptions(platform: Platform) -> tuple[str, ...]:
    energy = platform.energy
    assert energy is not None
    currents = (("awake", energy.active_ma), ("between", energy.sleep_ma))
    return (
        f"energy: {energy.supply_volts:g} V, the chip alone: no microphone, LED, regulator or radio",
        *(f"{when} {figure.value:g} mA ({figure.kind}: {figure.source})" for when, figure in currents),
    )
