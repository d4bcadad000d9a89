"""What a quantization after training loses: a published INT8 model in floats, quantized again by every kind of ranges.

    python bench/post_training.py MODEL.tflite CALIBRATION_DIR OTHER_DIR

MODEL is a streaming INT8 wake-word model. Its floats are calibrated on the recordings of one folder, and both INT8
models hear those of the other. `apart` is the mean difference of their outputs in steps of 1/255, `most` the largest;
`peak` is the mean difference of the highest output of a recording, over those in which the published model's is above
the middle.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from float_models import as_float

from wwtool.data.audio import AudioFile
from wwtool.data.audio_files import find_audio
from wwtool.evaluation.streaming import StreamingModel
from wwtool.quantizer.material import read_material
from wwtool.quantizer.quantize import quantize
from wwtool.quantizer.real_model import read_real_model
from wwtool.training.ranges import RANGES

ROW = "{:<12}{:>8}{:>6}{:>8}{:>12}"
MIDDLE = 128
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("path", metavar="MODEL", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("calibration", type=FOLDER)
@click.argument("other", type=FOLDER)
def main(path: Path, calibration: Path, other: Path) -> None:
    published = path.read_bytes()
    content = as_float(published)
    graph = read_real_model(content, path.name)
    material = read_material(calibration, graph, None, lambda *at: None, lambda text: None)
    expected = outputs(published, other)
    print(ROW.format("ranges", "apart", "most", "peak", "recordings"))
    for name, ranges in RANGES.items():
        made = quantize(content, graph, material, ranges, False, lambda *at: None)
        pairs = list(zip(expected, outputs(made.content, other), strict=True))
        apart = np.abs(np.concatenate([a - b for a, b in pairs]))
        peaks = [abs(int(a.max() - b.max())) for a, b in pairs if a.max() > MIDDLE]
        peak = f"{np.mean(peaks):.1f}" if peaks else "-"
        print(ROW.format(name, f"{apart.mean():.2f}", int(apart.max()), peak, f"{len(peaks)} of {len(pairs)}"))


def outputs(content: bytes, folder: Path) -> list[np.ndarray]:
    """A model's outputs on every recording, 0 to 255."""
    with closing(StreamingModel(content)) as model:
        heard = (model.front_end.quantized(AudioFile(entry.path)) for entry in find_audio(folder))
        return [model.probabilities(frames).astype(np.int64) for frames in heard]


if __name__ == "__main__":
    main()
