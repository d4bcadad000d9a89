"""Prints how well the model `vad` tells people from noise, and what it does to builds that it gates.

    python bench/voice_gate.py AUDIO_DIR [--model vad] [--peer TFLITE MANIFEST] [--gated FOLDER ...]

AUDIO_DIR is as bench/benchmark_data.py takes it. Nothing there was trained on. The first table is of the recordings
themselves, and of those with the noises 10 dB below them: in how many of them the gate opens, and for which share of
the time what a wake-word model detects would count. PEER is a model of others with its manifest, such as ESPHome's
vad.tflite and vad.json. FOLDER is a folder of bench/people.py, such as OUT/synthetic-jarvis-0: the second table is its
build without and with the gate, on recordings that it never heard.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from people import index_of

from wwtool.data.audio import Audio, read_audio
from wwtool.evaluation.material import Recording, negative_recording, positive_recording
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.voice_gate import VoiceGate
from wwtool.jobs import evaluate
from wwtool.jobs.evaluate import EvaluateRequest, EvaluateResult
from wwtool.packages.package_format import VOICE_ACTIVITY
from wwtool.pipeline.packaging import Word, read_foreign, read_word

_ROW = "{:<28}{:>6}"
_GATED = "{:<28}{:<9}{:>9}{:>9}{:>14}{:>9}"


def main(audio: Path, words: dict[str, Word], folders: Sequence[Path]) -> None:
    row = _ROW + "{:>20}" * 2 * len(words)
    print(row.format("", "", *[f"{name}: {what}" for name in words for what in ("opens", "of the time")]))
    with ExitStack() as stack:
        gates = []
        for word in words.values():
            heard = stack.enter_context(closing(StreamingModel(word.tflite)))
            gates.append(VoiceGate(heard.probabilities, heard.stride, word.detector))
        for name, recording in recordings(audio):
            opens = [gate.open(recording.frames, 1) for gate in gates]
            shares = [
                f"{share:.1%}"
                for opened in opens
                for share in (np.mean([opened[i:j].any() for i, j in recording.bounds]), opened.mean())
            ]
            print(row.format(name, len(recording.bounds), *shares), flush=True)
    if folders:
        print(_GATED.format("build", "gate", "clean", "10 dB", "false alarms", "hours"))
    for folder in folders:
        gated(folder, next(iter(words.values())))


def recordings(audio: Path) -> Iterator[tuple[str, Recording]]:
    """What there is to hear, with names."""
    rows = index_of(audio, "computer")  # any of its keywords: then the rows are as they stand there
    noise: dict[str, list[Audio]] = {}
    for row in rows:
        if row["kind"] == "noise":
            noise.setdefault(Path(row["path"]).parent.name, []).append(read_audio(audio / row["path"]))
    everything = [clip for clips in noise.values() for clip in clips]
    kinds = {
        "wake words": [row for row in rows if row["kind"] == "keyword"],
        "other words": [row for row in rows if row["kind"] == "speech" and not row["word"].isdigit()],
        "digits": [row for row in rows if row["kind"] == "speech" and row["word"].isdigit()],
    }
    for kind, found in kinds.items():
        clips = [read_audio(audio / row["path"]) for row in found]
        yield kind, positive_recording(clips, None)
        yield f"{kind}, noise at 10 dB", positive_recording(clips, everything)
    for name, clips in {**noise, "all noise": everything}.items():
        yield name, negative_recording({"noise": clips})


def gated(folder: Path, gate: Word) -> None:
    """What a build detects without and with the gate."""
    for name, word in (("none", None), ("vad", gate)):
        results = []
        for kind in ("speech", "words", "noise"):
            request = EvaluateRequest(subject=folder / "build", data=folder / f"judge-{kind}", split="all")
            result = evaluate.run(replace(evaluate.plan(request), voice_gate=word))
            assert isinstance(result, EvaluateResult)
            results.append(result.evaluation)
        recall, alarms = results[0].point.recall, sum(one.point.false_alarms for one in results)
        hours = f"{sum(one.hours for one in results):.2f}"
        print(
            _GATED.format(folder.name, name, f"{recall['clean']:.1%}", f"{recall['noisy']:.1%}", alarms, hours),
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--model", type=Path, default=Path("vad"))
    parser.add_argument("--peer", type=Path, nargs=2, metavar=("TFLITE", "MANIFEST"))
    parser.add_argument("--gated", type=Path, nargs="*", default=())
    options = parser.parse_args()
    models = {"vad": read_word(options.model, VOICE_ACTIVITY)}
    if options.peer:
        models["peer"] = read_foreign(*options.peer)
    main(options.audio, models, options.gated)
