"""report.html: one page that a person reads, with no outside resources. What it prints is decided here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from wwtool.base.files import write_text
from wwtool.base.records import read_record
from wwtool.budget.result import estimate_mark
from wwtool.data.voices import describe_speakers
from wwtool.evaluation.record import EvaluationRecord
from wwtool.platforms.load import platform_of
from wwtool.platforms.profile import Platform
from wwtool.reports.choice_report import choice_section
from wwtool.reports.pages import page_environment

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM = 640, 260, 48, 24, 46
_LABELS = {
    "speech": "recorded speech",
    "other_words": "other wake words",
    "noise": "noise",
    "sentences": "sentences, synthetic",
}
_CONDITIONS = {"clean": "as recorded", "noisy": "with noise at 10 dB"}


def write_report(path: Path, manifest: dict[str, Any], run: Path) -> None:
    """Writes the page from a manifest and the run's evaluation."""
    curve = read_record(run / "evaluation.json", EvaluationRecord).curve
    points = [point.model_dump() for point in curve]
    write_text(path, page_environment().get_template("report.html.j2").render(page(manifest, points)))


def page(manifest: dict[str, Any], points: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything the template prints."""
    evaluation, final, budget = manifest["evaluation"], manifest["final"], manifest["budget"]
    point = evaluation["point"]
    platform = platform_of(manifest["profile"], "manifest.json")
    return {
        "phrase": manifest["phrase"],
        "platform": platform.title,
        "model": manifest["model"]["name"],
        "version": manifest["wwtool"],
        "warning": evaluation.get("warning"),
        "tiles": _tiles(manifest),
        "limits": [_limit(line, budget, final) for line in final["limits"]],
        "budget_note": _budget_note(final, platform),
        "space": space(budget["sizes"], final["sizes"]),
        "space_note": _space_note(budget, final),
        "energy": _energy(final),
        "choice": choice_section(manifest),
        "recall": [
            {
                "name": _CONDITIONS.get(name, name),
                "found": f"{round(value * evaluation['positives'])} of {evaluation['positives']}",
                "value": f"{value:.1%}",
                "interval": "{:.1%} to {:.1%}".format(*evaluation["intervals"][name]),
            }
            for name, value in point["recall"].items()
        ],
        "curve": Markup(curve_svg(points, point)),
        "curve_note": _curve_note(evaluation),
        "negatives": [
            {
                "name": _LABELS.get(label, label),
                "hours": f"{hours:.2f}",
                "alarms": evaluation["alarms_by_label"].get(label, 0),
            }
            for label, hours in evaluation["hours_by_label"].items()
        ],
        "near_misses": _near_misses(evaluation),
        "detector": _detector(manifest["detector"]),
        "skipped": _reasons(manifest, "skipped"),
        "doubtful": _reasons(manifest, "doubtful"),
        "files": [
            {"name": k, "bytes": _count(v["bytes"]), "sha256": v["sha256"]} for k, v in manifest["outputs"].items()
        ],
        "board": manifest.get("board"),
        "silicon": platform.silicon,
        "flash": manifest.get("flash"),
        "tools": ", ".join(f"{name} {version}" for name, version in manifest["tools"].items()),
    }


def _reasons(manifest: dict[str, Any], notes: str) -> list[str]:
    return [entry["reason"] for entry in (manifest["inputs"]["data"] or {}).get(notes, [])]


def _tiles(manifest: dict[str, Any]) -> list[dict[str, str]]:
    point, sizes = manifest["evaluation"]["point"], manifest["final"]["sizes"]
    tiles = [
        first_tile(manifest["evaluation"]),
        {
            "value": f"{point['per_hour']:.2f}",
            "label": f"false alarms an hour, in {manifest['evaluation']['hours']:.1f} h",
        },
        {"value": f"{sizes['flash'] / 1024:.1f} KiB", "label": "flash"},
        {"value": f"{sizes['ram'] / 1024:.1f} KiB", "label": "RAM, without stack"},
    ]
    latency = next((line for line in manifest["final"]["limits"] if line["name"] == "latency"), None)
    return [*tiles, {"value": f"{latency['used']:.2f} ms", "label": "an inference"}] if latency else tiles


def first_tile(evaluation: dict[str, Any]) -> dict[str, str]:
    """The recall, and whose voices it is of; manifests of older versions do not say."""
    voices = evaluation.get("voices")
    label = (
        "detected; this build does not say whether of people or of synthetic voices"
        if voices is None
        else f"detected of {describe_speakers(voices, evaluation['positives'], evaluation['speakers'])}"
    )
    return {"value": f"{evaluation['point']['recall']['clean']:.1%}", "label": label}


def _limit(line: dict[str, Any], budget: dict[str, Any], final: dict[str, Any]) -> dict[str, Any]:
    # An emulator that was not there at the dry build may be there now, or the other way round.
    before = next((other for other in budget["limits"] if other["name"] == line["name"]), None)
    dry, used = (estimate_mark(line["name"], of["estimated"]) for of in (budget, final))
    return {
        "name": line["name"],
        "dry": dry + _amount(before["used"], line["unit"]) if before else "not measured",
        "used": used + _amount(line["used"], line["unit"]),
        "limit": _amount(line["limit"], line["unit"]),
        "fits": line["fits"],
        "percent": min(100, round(100 * line["used"] / line["limit"], 1)),
    }


def space(dry: dict[str, Any], final: dict[str, Any]) -> list[dict[str, Any]]:
    """Flash and RAM of every part, and their sums, in the dry build and in the final firmware."""
    before = {part["name"]: part for part in dry["parts"]}
    found = [
        {
            "name": part["name"],
            "total": False,
            "cells": [_count(of[memory]) for memory in ("flash", "ram") for of in (before[part["name"]], part)],
        }
        for part in final["parts"]
    ]
    sums = [_count(of[memory]) for memory in ("flash", "ram") for of in (dry, final)]
    return [*found, {"name": "together", "total": True, "cells": sums}]


def _space_note(budget: dict[str, Any], final: dict[str, Any]) -> str:
    dry, sizes = budget["sizes"], final["sizes"]
    flash, ram = sizes["flash"] - dry["flash"], sizes["ram"] - dry["ram"]
    told = "estimated, not measured" if "sizes" in budget["estimated"] else "measured on a firmware with random weights"
    differ = "equals it to the byte" if not flash and not ram else f"differs by {flash:+,} B flash, {ram:+,} B RAM"
    stack = f" The stack has {_count(sizes['stack_reserved'])} B more." if sizes["stack_reserved"] else ""
    return f"The dry build was {told}; the final firmware {differ}.{stack}"


def _energy(final: dict[str, Any]) -> str:
    energy = final["energy"]
    if energy is None:
        return ""
    assumed = "; ".join(energy["assumptions"])
    return f"About {energy['mean_mw']:.1f} mW on average, {energy['mj_per_hop']:.2f} mJ a hop, an estimate. {assumed}."


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} B" if unit == "B" else f"{value:.2f} {unit}"


def _count(value: int) -> str:
    return f"{value:,}"


def _budget_note(final: dict[str, Any], platform: Platform) -> str:
    if final["cycles"] is None:
        return "Latency was not measured: no emulator for this platform was found."
    frontend, invoke = final["cycles"]["frontend"], final["cycles"]["invoke"]
    if "cycles" in final["estimated"]:
        return (
            f"~ {invoke:,} cycles an inference and {frontend:,} a feature frame, estimated by the analytic model, as "
            "no emulator for this platform was found."
        )
    factor = platform.chip.cycles_per_instruction
    counted = (
        "counted on the emulated board"
        if factor is None
        else f"estimated: instructions counted on the emulated board, times {factor:g}"
    )
    return (
        f"{invoke:,} cycles an inference and {frontend:,} a feature frame, {counted}. Latency and "
        f"duty cycle add {final['flash_wait_cycles']:,} cycles, the longest that the chip can wait for the model's "
        "constants from flash, which the emulator does not model. Not measured on silicon."
    )


def _curve_note(evaluation: dict[str, Any]) -> str:
    kept = "keeps" if evaluation["within_budget"] else "does not keep"
    return (
        f"Recall against false alarms for every threshold, measured on the INT8 model in streaming form. The operating "
        f"point (dot) is chosen on this audio and {kept} the false-alarm budget. Equal error rate of clips "
        f"{evaluation['equal_error_rate']:.2%}, partial AUC {evaluation['partial_auc']:.3f}."
    )


def _near_misses(evaluation: dict[str, Any]) -> str:
    clips = evaluation["near_misses"]
    if not clips:
        return ""
    taken = evaluation["near_misses_taken"]
    return (
        f"Of {clips} synthetic phrases made to sound like the wake word, {taken} set it off; "
        "the rate above leaves them out."
    )


def _detector(d: dict[str, Any]) -> str:
    return (
        f"Mean of {d['average_window']} outputs, on at {d['on_threshold']} of 255, re-armed below "
        f"{d['off_threshold']}; {d['votes_needed']} of {d['votes_window']} votes; locked for {d['lockout']} "
        f"outputs after a detection, {d['warmup']} outputs ignored at start."
    )


def _falling(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the highest threshold down, while that gives more alarms: below it, a detector no longer re-arms."""
    kept: list[dict[str, Any]] = []
    for point in sorted(points, key=lambda p: -int(p["threshold"])):
        if not kept or point["per_hour"] >= kept[-1]["per_hour"]:
            kept.append(point)
    return kept


def curve_svg(points: list[dict[str, Any]], chosen: dict[str, Any]) -> str:
    """Recall over false alarms an hour (logarithmic from 0.1 to 100), one line a condition, a dot at the choice."""

    def x(per_hour: float) -> float:
        position = (math.log10(min(max(per_hour, 0.1), 100.0)) + 1.0) / 3.0
        return _LEFT + position * (_WIDTH - _LEFT - _RIGHT)

    def y(recall: float) -> float:
        return 10 + (1.0 - recall) * (_HEIGHT - _BOTTOM - 10)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Recall against false alarms an hour">']
    for per_hour, label in ((0.1, "≤0.1"), (1.0, "1"), (10.0, "10"), (100.0, "≥100")):
        parts.append(f'<line class="axis" x1="{x(per_hour):.1f}" x2="{x(per_hour):.1f}" y1="10" y2="{y(0):.1f}"/>')
        parts.append(f'<text x="{x(per_hour):.1f}" y="{_HEIGHT - 28}" text-anchor="middle">{label}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">false alarms an hour</text>')
    for recall in (0.0, 0.5, 0.9, 1.0):
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(recall):.1f}" y2="{y(recall):.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT - 8}" y="{y(recall) + 4:.1f}" text-anchor="end">{recall:.0%}</text>')
    for row, name in enumerate(chosen["recall"]):
        line = "noisy" if name == "noisy" else "clean"
        steps = " ".join(f"{x(p['per_hour']):.1f},{y(p['recall'][name]):.1f}" for p in _falling(points))
        parts.append(f'<path class="{line}" d="M {steps}"/>')
        dot = f'cx="{x(chosen["per_hour"]):.1f}" cy="{y(chosen["recall"][name]):.1f}"'
        parts.append(f'<circle {dot} r="4.5" fill="currentColor"/>')
        label = escape(_CONDITIONS.get(name, name))
        top = y(0) - 34 + 18 * row
        parts.append(f'<path class="{line}" d="M {_WIDTH - 190},{top} h 24"/>')
        parts.append(f'<text x="{_WIDTH - 160}" y="{top + 4}">{label}</text>')
    return "".join(parts) + "</svg>"
