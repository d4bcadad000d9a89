"""How often the gate of quantization refuses a model, by chance and rightly: on scores that are drawn at random.

    python bench/quantization_drop.py [MODELS]

A model's scores of the phrase are normal logits around 3 (clean) and 1.5 (noisy), with a standard deviation of 2; those
of negatives are peaks whose heights fall exponentially by a factor of e in one logit. The 8-bit model has the same
logits with some noise, of the given standard deviation, and with 8 bits for a probability. Of a broken one, scores of
the phrase also lie lower, by 2.4 logits on the mean. "By difference" would be a gate that asks for
the difference alone.
"""

from __future__ import annotations

import argparse

import numpy as np

from wwtool.config import Config
from wwtool.evaluation.budgeted import Heard, Scores
from wwtool.evaluation.drop import Drop, recall_drop

_ROW = "{:<8}{:>6}{:>7}{:>7}{:>9}{:>8}{:>15}{:>9}"


def main(models: int) -> None:
    print(_ROW.format("model", "clips", "hours", "noise", "recall", "drop", "by difference", "refused"))
    limit = Config().train.quantization.most_drop
    for lost in (0.0, 3.0):
        for clips in (12, 60, 300):
            for hours in (0.3, 1.5):
                for noise in (0.1, 0.3) if not lost else (0.1,):
                    drops = [_drop(seed, clips, hours, noise, lost) for seed in range(models)]
                    recall, drop = np.mean([d.first for d in drops]), np.mean([d.value for d in drops])
                    bare, refused = np.mean([d.value > limit for d in drops]), np.mean([d.beyond(limit) for d in drops])
                    cells = f"{recall:.0%}", f"{drop:.1%}", f"{bare:.0%}", f"{refused:.0%}"
                    print(_ROW.format("broken" if lost else "fine", clips, hours, noise, *cells), flush=True)


def _drop(seed: int, clips: int, hours: float, noise: float, lost: float) -> Drop:
    random = np.random.default_rng(seed)
    config = Config()

    def rounded(logits: Scores, lost: float) -> Scores:
        worse = logits + random.normal(0.0, noise, len(logits)) - lost * np.abs(random.normal(size=len(logits)))
        return np.round(_probability(worse) * 255) / 256

    positives = {name: random.normal(mean, 2.0, clips) for name, mean in (("clean", 3.0), ("noisy", 1.5))}
    negative = random.gumbel(-6.0, 1.0, int(hours * 1800))
    first = Heard({name: _probability(x) for name, x in positives.items()}, _probability(negative), hours)
    second = Heard({name: rounded(x, lost) for name, x in positives.items()}, rounded(negative, 0.0), hours)
    return recall_drop(first, second, config.evaluate.false_alarms_per_hour, config.train.quantization.drop_confidence)


def _probability(logits: Scores) -> Scores:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=int, nargs="?", default=40)
    main(parser.parse_args().models)
