"""What tests of package formats share: a small model with random weights, and contents made of it."""

from __future__ import annotations

from functools import cache

import torch

from wwtool.evaluation.detector import DetectorConfig
from wwtool.export.tflite import to_tflite
from wwtool.models.network import Network
from wwtool.models.zoo import ZOO
from wwtool.packages.package_format import Content
from wwtool.pipeline.packaging import Word, content_of
from wwtool.platforms.load import load_platform
from wwtool.training.qat import QatNet

PLAIN, UMLAUTS, SYNTAX = "hey computer", "Grüß dich, Jürgen 🎉", 'say "it\'s": [no] #1 {{ x }} !lambda \\ %s & *y'
PHRASES = (PLAIN, UMLAUTS, SYNTAX)


@cache
def random_tflite(name: str = "tcn32", seed: int = 0) -> bytes:
    """A model of the zoo's shape with random weights."""
    torch.manual_seed(seed)
    net = QatNet(Network(ZOO[name]).eval(), 0.0)
    net.calibrate(torch.rand((4, ZOO[name].receptive_frames + 30, 40)) * 26.0)
    return to_tflite(net.quantized(), "test")[0]


@cache
def content(*phrases: str, platform: str = "esp32s3", tflite: bytes | None = None, **detector: int) -> Content:
    """A package's content with one model for each phrase."""
    settings = DetectorConfig.model_validate({"on_threshold": 240, "off_threshold": 168, **detector})
    words = [Word(tflite or random_tflite(), phrase, settings, "de") for phrase in phrases]
    return content_of(load_platform(platform), words)
