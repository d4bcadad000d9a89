"""Kinds of voices that can be installed: one file for each, and the registry of them, by engine."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.data.voice_kinds.clips import Clips
from wwtool.data.voice_kinds.interface import VoiceKind
from wwtool.data.voice_kinds.kokoro import Kokoro
from wwtool.data.voice_kinds.piper import Piper
from wwtool.data.voice_kinds.recordings import Recordings

_KINDS: tuple[VoiceKind, ...] = (Kokoro(), Piper(), Recordings(), Clips())
VOICE_KINDS: Registry[VoiceKind] = Registry("engine", {kind.engine: kind for kind in _KINDS})
"""The kinds, in the order in which a path is tried."""
