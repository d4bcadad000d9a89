"""The report's part on the choice of the model: every candidate, and why it was taken or not."""

from __future__ import annotations

from typing import Any


def choice_section(manifest: dict[str, Any]) -> dict[str, Any]:
    """The rows of the table and the sentence below it; no rows where the model was given."""
    model, choice = manifest["model"]["name"], manifest["choice"]
    if choice is None:
        return {"rows": [], "note": f"The model was given: {model}."}
    dropped = _dropped(choice["rungs"])
    rows = []
    for candidate in choice["candidates"]:
        name = candidate["model"]
        reason = candidate["reason"]
        if choice["rungs"]:
            reason = "won the search" if name == model else dropped.get(name, reason)
        score = candidate["score"]
        rows.append({
            "name": name,
            "score": "not measured" if score is None else f"{score:.3f}",
            "fits": "yes" if candidate["fits"] else "no",
            "reason": reason,
            "taken": name == model,
        })  # fmt: skip
    note = (
        f"Accuracy is the zoo's own, mean recall on {choice['table']}; it says how models compare, not how this one "
        f"does. Fits means: every limit of the budget kept with {choice['margin']:.0%} to spare."
    )
    if choice["rungs"]:
        note += f" {len(choice['finalists'])} finalists were trained on this data, the worse half left at each rung."
    return {"rows": rows, "note": note}


def _dropped(rungs: list[dict[str, Any]]) -> dict[str, str]:
    """Why finalists left a search, by name."""
    reasons = {}
    for rung in rungs:
        best = max(rung["scores"].values(), key=lambda score: (score["recall"], score["partial_auc"]))
        for name, score in rung["scores"].items():
            if name not in rung["kept"]:
                reasons[name] = f"left the search after {rung['steps']:,} steps: {_said(score)}, the best {_said(best)}"
    return reasons


def _said(score: dict[str, float]) -> str:
    return f"recall {score['recall']:.1%}, partial AUC {score['partial_auc']:.3f}"
