"""Every model that is taken by name: quantized, exported and proved against LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite, verify
from wwtool.models.network import Network
from wwtool.models.quantized import QuantizedModel
from wwtool.models.zoo import ALL_MODELS, BY_NAME, ZOO
from wwtool.training.qat import QatNet


def quantized(name: str) -> QuantizedModel:
    torch.manual_seed(0)
    net = QatNet(Network(BY_NAME[name]).eval(), 0.0)
    net.calibrate(torch.rand((4, BY_NAME[name].receptive_frames + 30, 40)) * 26.0)
    return net.quantized()


@pytest.mark.parametrize("name", BY_NAME)
def test_a_model_equals_its_tflite(name: str) -> None:
    model = quantized(name)
    content, outputs = to_tflite(model, name)
    features = np.random.default_rng(0).integers(-128, 128, (90, 40)).astype(np.int8)
    verify(content, model, outputs, features)
    assert outputs.keys() >= {layer.name for layer in BY_NAME[name].layers()}


@pytest.mark.parametrize("name", ["dscnn48", "svdf64"])
def test_the_generated_c_says_the_same(name: str) -> None:
    model = quantized(name)
    streaming = StreamingModel(to_tflite(model, name)[0])
    features = np.random.default_rng(1).integers(-128, 128, (150, 40)).astype(np.int8)
    try:
        said = streaming.probabilities(features)
    finally:
        streaming.close()
    expected = model.evaluate(features)["probability"][:, 0].astype(np.int16) + 128
    assert np.array_equal(said, expected)


def test_names_are_apart_and_none_is_chosen_unmeasured() -> None:
    assert not ZOO.keys() & BY_NAME.keys()
    assert set(ALL_MODELS) == ZOO.keys() | BY_NAME.keys()
