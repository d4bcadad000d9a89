"""The model card of a build (Mitchell et al. 2019, arXiv:1810.03993): its use, what it was made of, its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.files import write_json, write_text
from wwtool.base.text import printable
from wwtool.data.voices import describe_speakers

MARKDOWN, JSON = "model-card.md", "model-card.json"
_LIMITS_OF_ALL = (
    "It detects a phrase and does not know who says it. It must not be the only lock of anything.",
    "Words that sound like the phrase can set it off.",
)
_LIMITS = (
    "It was judged on the clips and sounds that this card names. In other rooms, with other microphones and for other "
    "people it may do worse.",
    *_LIMITS_OF_ALL,
)
_LIMITS_UNJUDGED = (
    "Others have trained it, and this build has not measured how well it detects.",
    *_LIMITS_OF_ALL,
)


def write_card(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes the card of a manifest as Markdown and JSON."""
    card = model_card(manifest)
    write_json(folder / JSON, {"schema": "wwtool.model_card", "version": 1, **card})
    write_text(folder / MARKDOWN, markdown(card))


def model_card(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the card says, as plain data."""
    evaluation, inputs = manifest["evaluation"], manifest["inputs"]
    config = inputs.get("config", {})
    warning = (evaluation or {}).get("warning")
    return {
        "phrase": manifest["phrase"],
        "model": manifest["model"]["name"],
        "wwtool": manifest.get("wwtool"),
        "intended_use": f"Detects the phrase “{manifest['phrase']}” in sound from a microphone, on the device itself.",
        "seed": config.get("train", {}).get("seed", 0),
        "data": {
            "clips": {
                name: {"clips": facts.get("clips"), "hours": facts.get("hours"), "voices": facts.get("voices")}
                for name, facts in (inputs.get("clips") or {}).items()
            },
            "voices": inputs.get("voices", []),
            "pretrained": inputs.get("pretrained"),
            "teacher": inputs.get("teacher"),
        },
        "imported": inputs.get("imported"),
        "judged_on": _judged_on(evaluation) if evaluation is not None else None,
        "threshold": manifest["detector"]["on_threshold"],
        "metrics": _metrics(evaluation) if evaluation is not None else None,
        "limits": [*([warning] if warning else []), *(_LIMITS if evaluation is not None else _LIMITS_UNJUDGED)],
    }


def _judged_on(evaluation: dict[str, Any]) -> str:
    return describe_speakers(evaluation.get("voices") or "people", evaluation["positives"], evaluation.get("speakers"))


def _metrics(evaluation: dict[str, Any]) -> dict[str, Any]:
    return {
        "threshold": evaluation["point"]["threshold"],
        "recall": evaluation["point"]["recall"],
        "recall_intervals": evaluation["intervals"],
        "false_alarms_per_hour": evaluation["point"]["per_hour"],
        "hours": evaluation["hours"],
        "by_kind": {
            name: {"hours": hours, "false_alarms": evaluation["alarms_by_label"].get(name, 0)}
            for name, hours in evaluation["hours_by_label"].items()
        },
        "by_speaker": evaluation.get("by_speaker", {}),
        "equal_error_rate": evaluation.get("equal_error_rate"),
    }


def markdown(card: dict[str, Any]) -> str:
    """The card as a page. What comes from outside is escaped."""
    lines = [f"# Model card: {_text(card['phrase'])}", "", _text(card["intended_use"]), "", "## What it is", ""]
    imported = card["imported"]
    made = [("file", imported["file"])] if imported else [("seed", card["seed"])]
    lines += _table(("", ""), [("model", card["model"]), *made, ("threshold", card["threshold"])])
    if card["metrics"] is not None:
        lines += _performance(card)
    clips = card["data"]["clips"].items()
    if clips:
        lines += ["## What it was made of", ""]
        lines += _table(("clips", "number", "hours", "voices"), [
            (name, facts["clips"], facts["hours"], facts["voices"] or "") for name, facts in clips
        ])  # fmt: skip
    voices = card["data"]["voices"]
    if voices:
        lines += _table(("voice", "licence"), [(v.get("name", ""), v.get("licence", "")) for v in voices])
    if began := card["data"]["pretrained"]:
        lines += [
            f"Its training, or its teacher's, began with the weights {_text(began['file'])} "
            f"({_text(began['licence'])}). They have heard {_text(began['heard'])}, and were taught by "
            f"{_text(began['taught_by'])}.", "",
        ]  # fmt: skip
    lines += ["## Limits", "", *(f"* {_text(limit)}" for limit in card["limits"]), ""]
    return "\n".join(lines)


def _performance(card: dict[str, Any]) -> list[str]:
    """How well it does, in lines."""
    metrics = card["metrics"]
    judged = f"Judged on {_text(card['judged_on'])} and {metrics['hours']:.2f} hours of sound without the phrase."
    lines = ["## How well it does", "", judged, ""]
    recalls = []
    for name, recall in metrics["recall"].items():
        low, high = metrics["recall_intervals"].get(name, (recall, recall))
        recalls.append((f"recall, {name}", f"{recall:.1%} (95 % interval {low:.1%} to {high:.1%})"))
    lines += _table(
        ("figure", "value"), [*recalls, ("false alarms per hour", f"{metrics['false_alarms_per_hour']:.2f}")]
    )
    kinds = metrics["by_kind"].items()
    lines += _table(("sound", "hours", "false alarms"), [(n, f"{k['hours']:.2f}", k["false_alarms"]) for n, k in kinds])
    if metrics["by_speaker"]:
        rows = [
            (speaker, condition, f"{hits} of {clips}")
            for speaker, conditions in metrics["by_speaker"].items()
            for condition, (hits, clips) in conditions.items()
        ]
        lines += _table(("speaker", "condition", "detected"), rows)
    return lines


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    cells = [" | ".join(map(_text, row)) for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *(f"| {row} |" for row in cells), ""]


def _text(value: object) -> str:
    """A value as Markdown shows it, and never as markup."""
    plain = printable(str(value), 1000)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in plain)
