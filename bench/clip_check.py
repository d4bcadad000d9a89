"""How often the clip check errs: recordings of a word that it doubts, and other recordings that it does not.

    python bench/clip_check.py AUDIO_DIR WORD [WORD ...]

AUDIO_DIR is as bench/benchmark_data.py takes it. Each installed recognizer is measured alone, then all together.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from wwtool.data.audio import read_audio
from wwtool.data.clip_check import ClipCheck, Opinion, clip_check

_ROW = "{:<12}{:<22}{:>8}{:>10}{:>11}{:>9}{:>16}{:>8}"
_MOST_OTHERS = 150


def main(audio: Path, words: list[str]) -> None:
    with (audio / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    print(_ROW.format("word", "recognizer", "clips", "doubted", "left out", "others", "of them kept", "s/clip"))
    for word in words:
        check = clip_check(word, "en-us")
        if check is None:
            sys.exit("no recognizer is installed; `wwtool doctor` tells how to get one")
        clips = [row["path"] for row in rows if (row["kind"], row["word"]) == ("keyword", word)]
        others = [row["path"] for row in rows if row["word"] != word]
        others = others[:: max(1, len(others) // _MOST_OTHERS)]
        for names in dict.fromkeys([*((name,) for name in check.recognizers), check.recognizers]):
            measure(replace(check, recognizers=names), audio, word, clips, others)


def measure(check: ClipCheck, audio: Path, word: str, clips: list[str], others: list[str]) -> None:
    """Prints one row."""
    start = time.process_time()
    said = Counter(opinion for path in clips for opinion in check.opinions([read_audio(audio / path)]))
    seconds = (time.process_time() - start) / len(clips)
    heard = Counter(opinion for path in others for opinion in check.opinions([read_audio(audio / path)]))
    print(_ROW.format(
        word, check.titles, len(clips), said[Opinion.DOUBTFUL], said[Opinion.SOMETHING_ELSE], len(others),
        len(others) - heard[Opinion.SOMETHING_ELSE], f"{seconds:.2f}",
    ), flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("words", nargs="+")
    options = parser.parse_args()
    main(options.audio, options.words)
