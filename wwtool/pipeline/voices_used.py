"""Which voices a run uses, under which licences, and what it misses without natural ones."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool import events
from wwtool.config import SynthConfig
from wwtool.data import casting, catalogue
from wwtool.data.synthesizers import onnx_session
from wwtool.data.synthesizers.interface import base_of
from wwtool.data.synthesizers.registry import SYNTHESIZERS
from wwtool.pipeline.stages import Stages


@dataclass(frozen=True)
class VoiceUse:
    """A set of voices that speaks the language of a run. ``voices`` counts all of its synthesizer."""

    synthesizer: str
    name: str
    voices: int
    licence: str
    natural: bool


def voices_used(config: SynthConfig) -> list[VoiceUse]:
    """The voices that a run with this config has, natural ones first."""
    used = []
    for member in casting.synthesizers(config.commands).values():
        count = len(member.voices(config.language))
        if count:
            used += [
                VoiceUse(member.title, name, count, licence, member.natural)
                for name, licence in member.licences.items()
            ]
    return sorted(used, key=lambda use: not use.natural)


def without_natural_voices(config: SynthConfig) -> str | None:
    """What a model will miss that was trained without natural voices, and the remedy; None if it has some."""
    if any(use.natural for use in voices_used(config)) and config.natural_positives:
        return None
    if not config.natural_positives:
        why, remedy = "synth.natural_positives is 0", "raise it"
    else:
        why = f"no natural voice for {config.language} is installed"
        speaking = ((n, v) for n, v in catalogue.voices().items() if v.engine in SYNTHESIZERS)
        name = next((n for n, v in speaking if _speaks(v.languages, config.language)), "")
        remedy = f"get some with wwtool voices get {name}" if name else "add one with wwtool voices add PATH"
        remedy += "" if onnx_session.is_installed() else f", and pip install {onnx_session.MODULE}"
    return (
        f"{why}, so the model learns from computed voices alone and will miss most of what people say (such models "
        f"detected 7 to 49 % of it, measured on three words); {remedy}"
    )


def tell_voices(stages: Stages, config: SynthConfig) -> None:
    """Tells the licences before anything is spoken, and loudly what is missing."""
    shown = "; ".join(f"{use.name} ({use.licence})" for use in voices_used(config))
    stages.tell(events.Note(f"voices: {shown}"))
    warning = without_natural_voices(config)
    if warning:
        stages.tell(events.Warning(warning))


def _speaks(languages: tuple[str, ...], language: str) -> bool:
    return base_of(language) in map(base_of, languages)
