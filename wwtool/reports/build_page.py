"""report.html of a build: what a person wants to know of it. Every sentence and figure of the page is decided here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from wwtool.base.records import read_record
from wwtool.budget.result import estimate_mark
from wwtool.data.negatives import title_of
from wwtool.data.voices import describe_speakers
from wwtool.evaluation.few_shot import FewShot
from wwtool.evaluation.record import EvaluationRecord
from wwtool.evaluation.words import broken_promise, expectation, expected_words, kind_words, rate_words
from wwtool.platforms.load import platform_of
from wwtool.platforms.profile import Platform
from wwtool.reports.charts import CONDITIONS, Bar, recall_chart, space_chart
from wwtool.reports.judging import judging_section
from wwtool.reports.model_choice import choice_section
from wwtool.reports.pages import Tile, write_page

_NO_NEGATIVES = ("positive", "positive_synthetic", "positive_cut", "rir")  # of the clip stores
Manifest = dict[str, Any]


def write_report(path: Path, manifest: Manifest, run: Path) -> None:
    """Writes the page from a manifest and the run's evaluation."""
    evaluated = manifest["evaluation"] is not None
    curve = read_record(run / "evaluation.json", EvaluationRecord).curve if evaluated else []
    write_page(path, "build.html.j2", page(manifest, [point.model_dump() for point in curve]))


def page(manifest: Manifest, points: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the template prints; ``points`` are the curve, one for every threshold.

    An imported model has no evaluation and no curve.
    """
    final, budget = manifest["final"], manifest["budget"]
    phrase, platform = manifest["phrase"], platform_of(manifest["profile"], "manifest.json")
    detection = _detection(manifest, points) if manifest["evaluation"] is not None else _not_evaluated(manifest)
    return {
        "title": f"{phrase} on {platform.title}",
        "heading": f"“{phrase}”",
        "subtitle": f"{platform.title} · model {manifest['model']['name']}",
        "lead": f"This page describes a build of firmware that listens for “{phrase}”: how well it detects the phrase, "
        "how much of the chip it uses, and the files that were made.",
        "tiles": _tiles(manifest),
        **detection,
        "limits": [_limit(line, budget, final) for line in final["limits"]],
        "budget_note": _budget_note(final, platform),
        "energy": _energy(final),
        "space_chart": Markup(space_chart(_bars(final["sizes"]))),
        "space": space(budget["sizes"], final["sizes"]),
        "space_note": _space_note(budget, final),
        "choice": choice_section(manifest),
        "detector": _detector(manifest["detector"]),
        "skipped": _reasons(manifest, "skipped"),
        "doubtful": _reasons(manifest, "doubtful"),
        "voices": manifest["inputs"].get("voices", []),
        "voice_warnings": manifest["inputs"].get("warnings", []),
        "files": [
            {"name": name, "bytes": _count(facts["bytes"]), "sha256": facts["sha256"]}
            for name, facts in manifest["outputs"].items()
        ],
        "board": manifest.get("board"),
        "silicon": platform.silicon,
        "checks": platform.checks,
        "flash": manifest.get("flash"),
        "tools": ", ".join(f"{name} {version}" for name, version in manifest["tools"].items()),
    }


def _reasons(manifest: Manifest, notes: str) -> list[str]:
    return [entry["reason"] for entry in (manifest["inputs"]["data"] or {}).get(notes, [])]


def _tiles(manifest: Manifest) -> list[Tile]:
    evaluation, sizes = manifest["evaluation"], manifest["final"]["sizes"]
    tiles = [
        *([first_tile(evaluation), _alarms_tile(evaluation)] if evaluation is not None else []),
        Tile(f"{sizes['flash'] / 1024:.1f} KiB", "flash"),
        Tile(f"{sizes['ram'] / 1024:.1f} KiB", "RAM, without the stack"),
    ]
    latency = next((line for line in manifest["final"]["limits"] if line["name"] == "latency"), None)
    return [*tiles, Tile(f"{latency['used']:.2f} ms", "latency of an inference")] if latency else tiles


def _alarms_tile(evaluation: dict[str, Any]) -> Tile:
    """The false alarms to expect of audio never evaluated, or in older manifests those that were counted."""
    expected = evaluation.get("expected")
    if not expected:
        rate = f"false alarms per hour, in {evaluation['hours']:.1f} hours{_per_hour_interval(evaluation)}"
        return Tile(f"{evaluation['point']['per_hour']:.2f}", rate)
    most = f"false alarms per hour at most, with {expected['confidence']:.0%} chance, on audio of a kind never met"
    badge = ("kept", "people") if evaluation["within_budget"] else ("over the budget", "synthetic")
    return Tile(rate_words(expected["interval"][1]), most, *badge)


def first_tile(evaluation: dict[str, Any]) -> Tile:
    """The recall, and whose voices it is of; manifests of older versions do not say."""
    value, voices = f"{evaluation['point']['recall']['clean']:.1%}", evaluation.get("voices")
    if voices is None:
        return Tile(value, "detected; this build does not say who spoke", "voices unknown", "unknown")
    speakers = describe_speakers(voices, evaluation["positives"], evaluation["speakers"])
    return Tile(value, f"detected of {speakers}", "people" if voices == "people" else "synthetic voices", voices)


def _per_hour_interval(evaluation: dict[str, Any]) -> str:
    interval = evaluation.get("per_hour_interval")
    return " (95 % interval {:.2f} to {:.2f})".format(*interval) if interval else ""


def _detection(manifest: Manifest, points: list[dict[str, Any]]) -> dict[str, Any]:
    evaluation = manifest["evaluation"]
    point, intervals = evaluation["point"], evaluation["intervals"]
    budget = manifest["inputs"]["config"].get("evaluate", {}).get("false_alarms_per_hour")
    warning = evaluation.get("warning")
    return {
        "warning": {"title": "Measured on synthetic voices, not on people", "text": warning} if warning else None,
        "promise": broken_promise(evaluation),
        "judging": judging_section(evaluation),
        "data_note": data_note(evaluation, manifest["inputs"].get("clips")),
        "people_note": people_note(manifest["inputs"].get("clips"), manifest.get("few_shot")),
        "recall": [
            {
                "name": CONDITIONS.get(name, name),
                "detected": f"{round(value * evaluation['positives'])} of {evaluation['positives']}",
                "value": f"{value:.1%}",
                "interval": "{:.1%} to {:.1%}".format(*intervals[name]),
            }
            for name, value in point["recall"].items()
        ],
        "curve": Markup(recall_chart(points, point, intervals, budget)),
        "curve_note": _curve_note(evaluation),
        "negatives": _negatives(evaluation),
        "alarms_note": _alarms_note(evaluation),
    }


def _not_evaluated(manifest: Manifest) -> dict[str, Any]:
    """What stands in the place of ``_detection`` for a model that others have trained."""
    names = ("warning", "promise", "judging", "people_note", "curve", "curve_note", "alarms_note")
    imported = manifest["inputs"]["imported"]
    note = (
        f"Others have trained this model ({imported['file']}). {imported['manifest']} says how to detect with it. This "
        "build has not measured how well it detects; wwtool evaluate does that on your recordings."
    )
    return {**dict.fromkeys(names), "data_note": note, "recall": [], "negatives": []}


def data_note(evaluation: dict[str, Any], clips: dict[str, Any] | None) -> str:
    """What the model was trained on and judged on; ``clips`` as in a manifest's inputs, if it has them."""
    utterances = evaluation["positives"]
    voices = evaluation.get("voices")
    speakers = describe_speakers(voices, utterances, evaluation["speakers"]) if voices else f"{utterances:,} utterances"
    judged = f"was judged on {speakers} and on {evaluation['hours']:.2f} hours of sound without the phrase"
    clips = clips or {}
    spoken = [
        describe_speakers(facts["voices"], facts["clips"], facts["speakers"])
        for facts in (clips.get(f"train/{name}") for name in ("positive", "positive_natural", "positive_synthetic"))
        if facts and "voices" in facts
    ]
    if not spoken:
        return f"The model {judged}."
    hours = sum(
        facts["hours"]
        for name, facts in clips.items()
        if name.startswith("train/") and name.removeprefix("train/") not in _NO_NEGATIVES
    )
    trained = f"was trained on {' and '.join(spoken)} and on {hours:.2f} hours of sound without the phrase"
    return f"The model {trained}. It {judged}."


def people_note(clips: dict[str, Any] | None, few_shot: dict[str, Any] | None) -> str:
    """What was heard in the clips of natural voices, and what few recordings have brought."""
    natural = [facts for name, facts in (clips or {}).items() if name.endswith("/positive_natural")]
    notes = []
    if voices := sum(facts.get("distinct_voices") or 0 for facts in natural):
        notes.append(f"A speaker encoder tells {voices:,} natural voices apart.")
    if checked := sum(facts.get("checked") or 0 for facts in natural):
        left_out, by = sum(facts["left_out"] for facts in natural), natural[0]["checked_by"]
        notes.append(
            f"{by} listened to {checked:,} of their clips; {left_out:,} did not say the phrase and were left out."
        )
    if few_shot:
        notes.append(f"The model was adapted to few recordings: {FewShot.of(few_shot).note}.")
    return " ".join(notes)


def _curve_note(evaluation: dict[str, Any]) -> str:
    verb = "keeps" if evaluation["within_budget"] else "does not keep"
    return (
        "Each curve shows recall against false alarms over all thresholds. The INT8 model was measured in streaming "
        f"form. The dots are the operating point, with its 95 % interval. It {verb} the false-alarm budget on audio "
        f"that is like none of this, as far as the table below can tell. The equal error rate of clips is "
        f"{evaluation['equal_error_rate']:.2%}, the partial AUC {evaluation['partial_auc']:.3f}."
    )


def _negatives(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    hours, alarms = evaluation["hours_by_label"], evaluation["alarms_by_label"]
    kinds = (evaluation.get("expected") or {}).get("kinds", {})
    rows = [
        {
            "name": title_of(label),
            "audio": kind_words(kinds[label]) if label in kinds else "",
            "hours": f"{hours[label]:.2f}",
            "alarms": alarms.get(label, 0),
            **_rates(kinds.get(label)),
            "total": False,
        }
        for label in hours
    ]
    hours_of_all = f"{evaluation['hours']:.2f}"
    total = {"name": "all", "audio": "", "hours": hours_of_all, "alarms": sum(alarms.values()), "total": True}
    return [*rows, total | _rates(None)]


def _rates(kind: dict[str, Any] | None) -> dict[str, str]:
    """The rate to expect of more of a kind, and the one where the kind had no say in the threshold."""
    if kind is None:
        return {"expected": "", "crossed": ""}
    crossed = kind["cross_fitted"]
    return {
        "expected": expected_words(kind["per_hour"], kind["interval"]),
        "crossed": "" if crossed is None else rate_words(crossed),
    }


def _alarms_note(evaluation: dict[str, Any]) -> str:
    note = f"That is {evaluation['point']['per_hour']:.2f} false alarms per hour{_per_hour_interval(evaluation)}."
    if text := expectation(evaluation):
        note += (
            f" {text[0].upper()}{text[1:]}. The expected rates follow from how near the score comes to the threshold, "
            "and how often. The last column is the rate of a kind where the other kinds alone choose the threshold."
        )
    clips = evaluation["near_misses"]
    if clips:
        note += (
            f" This rate leaves out {clips} synthetic phrases that were made to sound like the wake word: "
            f"{evaluation['near_misses_taken']} of them set off the detector."
        )
    return note


def _limit(line: dict[str, Any], budget: dict[str, Any], final: dict[str, Any]) -> dict[str, Any]:
    # An emulator that was missing at the dry build may be there now, or the other way round.
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


def _bars(sizes: dict[str, Any]) -> list[Bar]:
    return [
        Bar(name, tuple((part["name"], part[memory]) for part in sizes["parts"]))
        for name, memory in (("flash", "flash"), ("RAM", "ram"))
    ]


def space(dry: dict[str, Any], final: dict[str, Any]) -> list[dict[str, Any]]:
    """Flash and RAM of every part, and their sums, in the dry build and in the final firmware."""
    before = {part["name"]: part for part in dry["parts"]}
    rows = [
        {
            "name": part["name"],
            "total": False,
            "cells": [_count(of[memory]) for memory in ("flash", "ram") for of in (before[part["name"]], part)],
        }
        for part in final["parts"]
    ]
    sums = [_count(of[memory]) for memory in ("flash", "ram") for of in (dry, final)]
    return [*rows, {"name": "all", "total": True, "cells": sums}]


def _space_note(budget: dict[str, Any], final: dict[str, Any]) -> str:
    dry, sizes = budget["sizes"], final["sizes"]
    flash, ram = sizes["flash"] - dry["flash"], sizes["ram"] - dry["ram"]
    source = "was estimated, not measured" if "sizes" in budget["estimated"] else "was measured with random weights"
    differ = "equals it to the byte" if not flash and not ram else f"differs by {flash:+,} B flash, {ram:+,} B RAM"
    stack = f" The stack needs {_count(sizes['stack_reserved'])} B on top." if sizes["stack_reserved"] else ""
    return f"The dry build {source}; the final firmware {differ}.{stack}"


def _energy(final: dict[str, Any]) -> str:
    energy = final["energy"]
    if energy is None:
        return ""
    assumptions = "; ".join(energy["assumptions"])
    gated = ", ".join(f"{p['gated_mean_mw']:.1f} mW in {p['name']}" for p in energy.get("patterns", ()))
    with_gate = f" With a gate that skips inferences in silence: {gated}." if gated else ""
    return (
        f"The estimated power is {energy['mean_mw']:.1f} mW on average, {energy['mj_per_hop']:.2f} mJ per inference "
        f"step.{with_gate} It rests on these assumptions: {assumptions}."
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} B" if unit == "B" else f"{value:.2f} {unit}"


def _count(value: int) -> str:
    return f"{value:,}"


def _budget_note(final: dict[str, Any], platform: Platform) -> str:
    if final["cycles"] is None:
        return "Latency was not measured, because no emulator for this platform is installed."
    frontend, invoke = final["cycles"]["frontend"], final["cycles"]["invoke"]
    if "cycles" in final["estimated"]:
        return (
            f"An inference takes about {invoke:,} cycles and a feature frame {frontend:,}. The analytic model "
            "estimated this, because no emulator for this platform is installed."
        )
    factor = platform.chip.cycles_per_instruction
    source = (
        "counted on the emulated board"
        if factor is None
        else f"estimated: instructions counted on the emulated board, times {factor:g}"
    )
    counted = f"An inference takes {invoke:,} cycles and a feature frame {frontend:,} ({source})."
    waits, longest = final.get("flash_waits"), final["flash_wait_cycles"]
    late = "no wait for flash" if not longest else f"{longest:,} cycles of waiting for flash, the most that is expected"
    modelled = f" A model of the chip's cache expects {waits['invoke']:,}." if waits else ""
    place = final.get("weights_in")  # version 0.1 did not say it
    placed = f" The weights lie in {place}." if place and not platform.is_linux else ""
    return f"{counted} Latency and duty cycle include {late}.{modelled}{placed} Not measured on silicon."


def _detector(d: dict[str, Any]) -> str:
    votes = (
        ""
        if d["votes_window"] == 1
        else f" It needs {d['votes_needed']} such averages among the last {d['votes_window']} outputs."
    )
    return (
        f"The detector fires when the average of {d['average_window']} outputs reaches {d['on_threshold']} of 255."
        f"{votes} Then it waits for {d['lockout']} outputs, and until the average has fallen below "
        f"{d['off_threshold']}. After a start it ignores the first {d['warmup']} outputs."
    )
