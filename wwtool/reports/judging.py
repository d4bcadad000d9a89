"""The part of the build page that shows how well scores of clips tell the phrase from everything else."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from wwtool.reports.line_chart import SHARES, Axis, Curve, line_chart

_RATES = ((0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %"))


def judging_section(evaluation: dict[str, Any]) -> dict[str, Any] | None:
    """Figures, sentences and charts; None for a build of an earlier version, or without negatives."""
    figures = evaluation.get("figures")
    if not figures:
        return None
    reliability = figures["reliability"]
    areas = ", ".join(f"{value:.3f} up to {float(limit):.0%}" for limit, value in figures["partial_auc"].items())
    return {
        "rows": [
            {"name": name, "value": f"{figures[key]:.{places}}"}
            for name, key, places in (
                ("accuracy", "accuracy", "1%"), ("precision", "precision", "1%"), ("recall", "recall", "1%"),
                ("F1", "f1", "3f"), ("area under the ROC curve", "auc", "4f"),
                ("equal error rate", "equal_error_rate", "2%"),
            )
        ],
        "note": "Each clip counts once, by its highest score, and hours do not count: these figures compare models "
        f"with those of papers. Partial areas: {areas} of false positives.",
        "roc": Markup(roc_chart(figures["roc"])),
        "det": Markup(det_chart(figures["roc"])),
        "reliability": Markup(reliability_chart(reliability)),
        "reliability_note": f"A probability says how often the phrase was there. The calibration error is "
        f"{reliability['error']:.3f}; with logits divided by {reliability['temperature']:.2f} it is "
        f"{reliability['error_after']:.3f}.",
    }  # fmt: skip


def roc_chart(roc: list[tuple[float, float]]) -> str:
    """Recall over the false-positive rate."""
    across, up = Axis("false-positive rate", 0.001, 1.0, _RATES, True), Axis("recall", 0.0, 1.0, SHARES)
    return line_chart("ROC curve", across, up, [Curve("ROC", roc)])


def det_chart(roc: list[tuple[float, float]]) -> str:
    """The share of clips missed over the false-positive rate, both logarithmic."""
    across, up = Axis("false-positive rate", 0.001, 1.0, _RATES, True), Axis("missed", 0.001, 1.0, _RATES, True)
    return line_chart("DET curve", across, up, [Curve("DET", [(rate, 1.0 - recall) for rate, recall in roc])])


def reliability_chart(reliability: dict[str, Any]) -> str:
    """The share of clips with the phrase over their probability, as it is and at the best temperature."""
    across, up = Axis("probability", 0.0, 1.0, SHARES), Axis("with the phrase", 0.0, 1.0, SHARES)
    curves = [
        Curve(name, [(entry["probability"], entry["share"]) for entry in reliability[key]])
        for name, key in (("as it is", "bins"), ("with temperature", "bins_after"))
    ]
    return line_chart("Reliability diagram", across, up, curves, diagonal=True)
