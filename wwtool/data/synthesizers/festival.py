"""Festival, an English synthesizer; its voices are installed one by one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.data.audio import Audio
from wwtool.data.synthesizers.interface import Synthesizer, Utterance
from wwtool.data.synthesizers.program import speak_with


class Festival(Synthesizer):
    """The ``text2wave`` program."""

    name = title = "festival"
    extra = True
    licence = "as Festival states it: free to use and copy"
    install = "apt-get install festival"

    def __init__(self, festival: Path, text2wave: Path) -> None:
        self._text2wave = text2wave
        listing = run_program([festival, "--batch", "(print (voice.list))"], timeout_s=30).stdout
        self._voices = sorted(re.findall(r"\w+", listing))

    @classmethod
    def find(cls) -> Festival | None:
        festival, text2wave = shutil.which("festival"), shutil.which("text2wave")
        return cls(Path(festival), Path(text2wave)) if festival and text2wave else None

    def voices(self, language: str) -> list[str]:
        return self._voices if language.lower().split("-")[0] == "en" else []

    def speak(self, utterance: Utterance) -> Audio:
        scheme = f"(voice_{utterance.voice})", f"(Parameter.set 'Duration_Stretch {1.0 / utterance.rate:.3f})"
        return speak_with(
            self.name,
            lambda output: [self._text2wave, "-eval", scheme[0], "-eval", scheme[1], "-o", output],
            utterance.text,
        )
