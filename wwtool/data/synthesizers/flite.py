"""Flite, a small English synthesizer with recorded voices."""

from __future__ import annotations

import shutil
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.data.audio import Audio
from wwtool.data.synthesizers.interface import Synthesizer, Utterance
from wwtool.data.synthesizers.program import speak_with

_UNUSABLE_VOICES = frozenset({"kal", "awb_time"})  # the first is 8 kHz, the second only tells the time


class Flite(Synthesizer):
    """The ``flite`` program."""

    name = title = "flite"
    licence = "as Flite states it: free to use and copy"
    install = "apt-get install flite"

    def __init__(self, program: Path) -> None:
        self._program = program
        listing = run_program([program, "-lv"], timeout_s=30).stdout
        self._voices = sorted(set(listing.partition(":")[2].split()) - _UNUSABLE_VOICES)

    @classmethod
    def find(cls) -> Flite | None:
        program = shutil.which("flite")
        return cls(Path(program)) if program else None

    def voices(self, language: str) -> list[str]:
        return self._voices if language.lower().split("-")[0] == "en" else []

    def speak(self, utterance: Utterance) -> Audio:
        low, high = (130, 240) if utterance.voice == "slt" else (80, 150)
        settings = {
            "duration_stretch": 1.0 / utterance.rate,
            "int_f0_target_mean": low + (high - low) * utterance.pitch,
            "int_f0_target_stddev": 5 + 30 * utterance.liveliness,
        }
        options = [word for key, value in settings.items() for word in ("--setf", f"{key}={value:.3f}")]
        return speak_with(
            self.name,
            lambda output: [self._program, "-voice", utterance.voice, *options, "-t", utterance.text, "-o", output],
        )
