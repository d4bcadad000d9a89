"""A folder of ready clips, which say the phrase: ``clips/``, with a folder for each speaker if there are several."""

from __future__ import annotations

from pathlib import Path

from wwtool.data.audio import read_audio
from wwtool.data.audio_files import find_audio
from wwtool.data.voice_kinds.interface import Examined, VoiceKind
from wwtool.errors import InputError

_PROBE_S = 1.0


class Clips(VoiceKind):
    """A folder with audio files."""

    engine = "clips"
    what = "a folder of audio clips that say the phrase"

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and bool(find_audio(path))

    def examine(self, path: Path) -> Examined:
        clips = find_audio(path) if path.is_dir() else []
        if not clips:
            raise InputError(f"{path} has no audio clip; give {self.what}")
        for clip in clips:
            if clip.problem:
                raise InputError(f"{clip.path} {clip.problem}")
            read_audio(clip.path, _PROBE_S)  # refuses what cannot be read
        speakers = {clip.path.relative_to(path).parts[0] for clip in clips if clip.path.parent != path}
        title = f"{len(clips):,} clips" if len(clips) != 1 else "one clip"
        return Examined({"clips/": path}, title, (), max(1, len(speakers)))
