"""Makes a data folder for one wake word out of a folder of benchmark recordings.

    python bench/benchmark_data.py AUDIO_DIR WORD OUT_DIR

AUDIO_DIR/index.csv has the columns path, kind (keyword, speech, noise), word and split. OUT_DIR gets a link to the
recordings and an index.csv for wwtool: clips of the word are positives, clips of other keywords are hard negatives.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path


def main(audio: Path, word: str, out: Path, negatives: bool = True) -> None:
    out.mkdir(parents=True, exist_ok=True)
    link = out / "audio"
    if not link.exists():
        link.symlink_to(audio.resolve())
    labels = {"keyword": "hard_negative", "speech": "negative", "noise": "noise"}
    counts: dict[str, int] = {}
    with (audio / "index.csv").open(newline="") as source, (out / "index.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["path", "label", "split"])
        for row in csv.DictReader(source):
            label = "positive" if (row["kind"], row["word"]) == ("keyword", word) else labels[row["kind"]]
            if label != "positive" and not negatives:
                continue
            writer.writerow([f"audio/{row['path']}", label, row["split"]])
            counts[f"{label} {row['split']}"] = counts.get(f"{label} {row['split']}", 0) + 1
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("word")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    main(options.audio, options.word, options.out)
