"""A finished model file as the model of a build: its checks, its budget, and what stands in for a training run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from wwtool import __version__, events
from wwtool.base.files import write_bytes
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import printable, safe_identifier
from wwtool.budget.dry_build import OverBudgetError, cost_of_compiled
from wwtool.budget.result import judge, within
from wwtool.data.audio import Audio
from wwtool.data.store import write_store
from wwtool.data.synth import plan_phrase, render
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.int8.arithmetic import limits
from wwtool.models.quantized import INPUT_SCALE, PROBABILITY_SCALE
from wwtool.packages.compiling import compile_for
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.model_sources import use_note
from wwtool.pipeline.packaging import Word
from wwtool.pipeline.preparation import CLIPS, RunPlan
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.training_run import EVALUATION, MODEL, Imported, Trained
from wwtool.tflite.graph import Graph, Tensor
from wwtool.tflite.reader import parse_model
from wwtool.training.checkpoint import NAME as CHECKPOINT

_SPOKEN = 3  # clips of the phrase, for the board's test
_SCALE_TOLERANCE = 0.01  # a hundredth of a step of the features changes nothing
_REMEDY = "choose a larger board ('wwtool platforms' lists them) or a smaller model, or raise the config's budget"


@dataclass(frozen=True)
class FromFile:
    """A model that others have trained.

    Attributes:
        word: the model, its phrase and its detector.
        name: what the model is called.
        file, manifest: the names of the files that it and its detector were read from.
    """

    word: Word
    name: str
    file: str
    manifest: str

    def require_folder(self, run: Path) -> None:
        for name in (CHECKPOINT, EVALUATION):
            if (run / name).exists():
                raise InputError(
                    f"{printable(str(run))} holds a model that was trained there; choose another folder with --out"
                )

    def front_end(self, plan: RunPlan) -> FrontEnd:
        return parse_model(self.word.tflite).front_end

    def choice(self, plan: RunPlan) -> list[Any]:
        return [self.name, self._sha256, plan.config.budget.model_dump()]

    def budget(self, stages: Stages, target: Target, plan: RunPlan) -> Outcome:
        platform, limits = within(target.platform, plan.config.budget), plan.config.budget
        compiled = compile_for(platform, parse_model(self.word.tflite), safe_identifier(plan.phrase))
        with TemporaryFolder("import") as folder:
            cost = cost_of_compiled(platform, self.name, compiled, plan.phrase, folder)
        result = judge(target.platform, limits, cost, target.package.name)
        if not result.fits:
            raise OverBudgetError(target.platform, result, _REMEDY)
        facts = {"finalists": [self.name], "choice": None, "builds": {self.name: result.as_dict()}}
        return Outcome(f"{self.name} fits; {use_note(result.lines)}", facts, ())

    def obtain(self, stages: Stages, plan: RunPlan, finalists: Sequence[str]) -> Trained:
        inputs = [__version__, self._sha256, plan.phrase, plan.config.synth.language]
        stages.run("import", "model file", inputs, lambda: self._import(stages, plan))
        imported = Imported(self.file, self.manifest)
        return Trained(self.name, [], {}, {}, None, self.word.detector, imported=imported)

    def _import(self, stages: Stages, plan: RunPlan) -> Outcome:
        path = stages.folder / MODEL
        write_bytes(path, self.word.tflite)
        write_store(stages.folder / CLIPS / "dev" / "positive_synthetic", _spoken(stages, plan))
        detector = self.word.detector
        rule = f"detects at {detector.on_threshold} of 255, on average over {detector.average_window} outputs"
        return Outcome(f"{self.file}, {len(self.word.tflite):,} B; {rule}", {}, (path,))

    @property
    def _sha256(self) -> str:
        return sha256(self.word.tflite).hexdigest()


def _spoken(stages: Stages, plan: RunPlan) -> Iterator[Audio]:
    """The phrase as synthetic voices say it; nothing if none can."""
    language = plan.config.synth.language
    try:
        said = plan_phrase(plan.phrase, _SPOKEN, language=language)
    except InputError as error:
        text = f"no synthetic voice says the phrase ({error}); wwtool hil streams noise instead"
        stages.tell(events.Warning(text))
        return
    yield from islice(render(said), _SPOKEN)


def require_streaming(graph: Graph, name: str) -> None:
    """Checks that the firmware's front end can feed a model and its detector can read it.

    Raises:
        InputError: the model is not INT8, reads something else, gives something else, or keeps no state.
    """
    broken = _broken(graph)
    if broken is not None:
        raise InputError(f"{printable(name)} is no streaming INT8 wake-word model: {broken}")


def _broken(graph: Graph) -> str | None:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return f"it has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; export it with one of each"
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    if source.dtype.startswith("float") or result.dtype.startswith("float"):
        return (
            f"it maps {_form(source)} to {_form(result)}; 'wwtool quantize MODEL --data RECORDINGS -o INT8.tflite' "
            "makes an INT8 model of a float one"
        )
    shape, channels = source.shape, graph.front_end.geometry.channels
    if source.dtype != "int8" or len(shape) != 3 or (shape[0], shape[2]) != (1, channels):
        return (
            f"its input is {_form(source)}, and the front end gives int8 [1, frames, {channels}]; train it on "
            f"features of the front end {graph.front_end.name}, or say in a YAML what it reads: front_end, and "
            "inference_step_size for a model of whole windows"
        )
    off = abs(source.scale - INPUT_SCALE.scale) > _SCALE_TOLERANCE * INPUT_SCALE.scale
    if (off or source.zero_point != INPUT_SCALE.zero_point) and not graph.front_end.of_any_scale:
        return (
            f"its input has scale {source.scale:.6g} and zero point {source.zero_point}, and the front end's features "
            f"have {INPUT_SCALE.scale:.6g} and {INPUT_SCALE.zero_point}; quantize it with features of 0 to 26"
        )
    if result.size != 1 or result.dtype not in ("int8", "uint8"):
        return (
            f"its output is {_form(result)}, and must be one probability as int8 or uint8; name the outputs of a model "
            "with several by labels in a YAML"
        )
    off = abs(result.scale / PROBABILITY_SCALE.scale - 1) > _SCALE_TOLERANCE
    if off or result.zero_point != limits(result.dtype)[0]:
        return (
            f"its output has scale {result.scale:.6g} and zero point {result.zero_point}, which is no probability from "
            "0 to 1; end it in a LOGISTIC or a SOFTMAX"
        )
    if not graph.variables and not any(tensor.is_variable for tensor in graph.tensors):
        return (
            "it keeps no state between inferences; export it in its streaming form, or give inference_step_size in a "
            "YAML if it reads a whole window"
        )
    return None


def _form(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape)}"
