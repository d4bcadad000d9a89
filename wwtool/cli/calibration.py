"""What ``wwtool evaluate --calibrate`` shows."""

from __future__ import annotations

from wwtool.base.text import counted
from wwtool.cli.common import complain_of_warnings, make
from wwtool.cli.terminal import console, print_json, say, styled
from wwtool.errors import UsageError
from wwtool.jobs.calibration import CalibrateRequest, CalibrateResult, plan_calibration, run_calibration

_MOST_MOMENTS = 20


def calibrate(as_json: bool, phrase_said: bool | None, given: dict[str, object]) -> None:
    """Calibrates, and shows what came of it; ``given`` are the options of ``evaluate``, by name."""
    if given["calibrate"] is None:
        raise UsageError("--phrase-said is about the audio of --calibrate; give that, too")
    allowed = ("subject", "calibrate")
    others = [name for name, value in given.items() if name not in allowed and value not in (None, 0.0, "dev")]
    if others:
        option = others[0].replace("_hours", "s").replace("_", "-")
        raise UsageError(f"--calibrate takes no --{option}; leave one of them out")
    request = make(CalibrateRequest, phrase_said=phrase_said, **{name: given[name] for name in allowed})
    work = plan_calibration(request, complain_of_warnings)
    result = run_calibration(work, complain_of_warnings)
    if as_json:
        print_json("calibration", 1, result.as_dict())
        return
    _print(result, work.no_rebuild)


def _print(result: CalibrateResult, no_rebuild: str | None) -> None:
    calibration = result.calibration
    for text in result.lines:
        say(text)
    if result.moments:
        left_out = "left out" if calibration.phrase_said else "counted as false alarms"
        say(f"{counted(len(result.moments), 'moment')} like the phrase, {left_out}:")
        for text in result.moments[:_MOST_MOMENTS]:
            say(f"  {text}")
        if len(result.moments) > _MOST_MOMENTS:
            say(f"  and {len(result.moments) - _MOST_MOMENTS} more, in run/calibration.json")
    if not calibration.within_budget:
        text = "No threshold keeps the budget of false alarms in this audio; this is the nearest."
        console().print(styled(text, "bold red"))
    if result.rebuilt:
        say("firmware, manifest and report have the new threshold; flash the board again")
    else:
        say(f"the firmware is as it was ({no_rebuild}); wwtool build makes it with the new threshold")
