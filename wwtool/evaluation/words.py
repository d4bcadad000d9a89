"""What an evaluation's record says of false alarms, for people to read. Records of older versions say less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]

_SOURCES = {"people": "people", "synthetic": "synthetic", "recorded": "recordings"}
_TRAINED = {True: "trained on", False: "never trained on"}


def kind_words(kind: Record) -> str:
    """What audio a figure of a kind is of.

    >>> kind_words({"source": "synthetic", "trained": False})
    'synthetic, never trained on'
    """
    words = _SOURCES.get(kind["source"]), _TRAINED.get(kind["trained"])
    return ", ".join(word for word in words if word)


def rate_words(rate: float) -> str:
    """A rate per hour with the digits that mean something.

    >>> [rate_words(rate) for rate in (0.0001, 0.034, 0.5, 12.3)]
    ['under 0.01', '0.03', '0.50', '12.3']
    """
    return "under 0.01" if rate < 0.01 else f"{rate:.2f}" if rate < 10 else f"{rate:.1f}"


def expected_words(rate: float, interval: Sequence[float]) -> str:
    """A rate and its interval.

    >>> expected_words(0.3, (0.004, 0.91))
    '0.30 (under 0.01 to 0.91)'
    """
    low, high = map(rate_words, interval)
    return f"{rate_words(rate)} ({low} to {high})"


def expectation(evaluation: Record) -> str | None:
    """What to expect of audio that was never evaluated; None of an older version's record, and without negatives."""
    expected = evaluation.get("expected")
    if not expected:
        return None
    return (
        f"audio of a kind never met: expect {rate_words(expected['per_hour'])} false alarms an hour, and with "
        f"{expected['confidence']:.0%} chance at most {rate_words(expected['interval'][1])} "
        f"(the budget is {rate_words(expected['budget'])})"
    )


def broken_promise(evaluation: Record) -> str | None:
    """What a reader must know where the false alarms do not keep their budget; None where they do."""
    expected = evaluation.get("expected")
    if evaluation["within_budget"] or not expected:
        return None
    budget, least = rate_words(expected["budget"]), expected["lowest_promised"]
    worst = max(expected["kinds"].items(), key=lambda item: float(item[1]["per_hour"]), default=None)
    of = f"; most come of the kind {worst[0]} ({rate_words(worst[1]['per_hour'])} an hour)" if worst else ""
    remedy = (
        "train with recordings of speech without the phrase (DIR/negative), or calibrate on audio of your household"
    )
    if least is None:
        return (
            f"At this threshold, up to {rate_words(expected['interval'][1])} false alarms an hour are to be expected, "
            f"over the budget of {budget}{of}. A higher threshold keeps it."
        )
    return (
        f"No threshold keeps the budget of {budget} false alarms an hour: with the highest, up to {rate_words(least)} "
        f"are to be expected{of}. To mend it, {remedy}, or raise evaluate.false_alarms_per_hour."
    )
