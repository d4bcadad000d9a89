"""The part of a build's page on the choice of the model: every candidate, and the reason for or against it."""

from __future__ import annotations

from typing import Any


def choice_section(manifest: dict[str, Any]) -> dict[str, Any]:
    """The rows of the table and the sentence below it; no rows where the user named the model."""
    model, choice = manifest["model"]["name"], manifest["choice"]
    if imported := manifest.get("inputs", {}).get("imported"):
        return {"rows": [], "note": f"The model was given with --model-file: {imported['file']}."}
    if choice is None:
        return {"rows": [], "note": f"The model {model} was named with --model or in the config."}
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
            "chosen": name == model,
        })  # fmt: skip
    note = (
        f"The accuracy is the mean recall in a comparison of all models ({choice['table']}). It shows how the models "
        f"compare, not how this one does. A model fits if it keeps every limit with {choice['margin']:.0%} to spare."
    )
    if choice["rungs"]:
        note += (
            f" {len(choice['finalists'])} finalists were trained on this data; each comparison dropped the worse half."
        )
    return {"rows": rows, "note": note}


def _dropped(rungs: list[dict[str, Any]]) -> dict[str, str]:
    """Why finalists left a search, by name."""
    reasons = {}
    for rung in rungs:
        best = max(rung["scores"].values(), key=lambda score: (score["recall"], score["partial_auc"]))
        for name, score in rung["scores"].items():
            if name not in rung["kept"]:
                reasons[name] = (
                    f"dropped after {rung['steps']:,} steps: {_describe(score)}; the best had {_describe(best)}"
                )
    return reasons


def _describe(score: dict[str, float]) -> str:
    return f"recall {score['recall']:.1%}, partial AUC {score['partial_auc']:.3f}"
