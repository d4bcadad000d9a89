"""The firmware stage of a build: the C project, the image, its cost, and the vectors that ``wwtool hil`` sends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from wwtool.base.files import scratch_folder, write_bytes
from wwtool.base.ownership import Rule, owned_folder, refuse_changes
from wwtool.base.text import safe_identifier
from wwtool.budget.dry_build import assembled, cost_of_compiled, run_image
from wwtool.budget.result import Cost, judge, longest_waits, within
from wwtool.errors import BudgetError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.sizes import Sizes
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import PROJECT, Content, Image, PackageFormat
from wwtool.pipeline.preparation import CLIPS, RunPlan
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.training_run import MODEL
from wwtool.pipeline.vectors import FOLDER as VECTORS
from wwtool.pipeline.vectors import write_vectors
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import read_model

IMAGE = "image"
FOLDERS = (PROJECT, IMAGE, VECTORS)


@dataclass(frozen=True)
class Target:
    """What firmware is made for and how it is packed.

    Attributes:
        platform: the board.
        package: the format of the project.
        compiler: the version of the compiler that builds it.
        overwrite: replace also what somebody has changed or added where wwtool replaces a folder whole.
    """

    platform: Platform
    package: PackageFormat
    compiler: str
    overwrite: bool = False

    def rule(self, folder: str) -> Rule:
        """What may be replaced in the folder of the project or of the image."""
        if folder == IMAGE:
            return Rule(edited=True, overwrite=self.overwrite)
        return Rule(self.package.products, self.package.kept, overwrite=self.overwrite)

    def refuse_changes(self, build: Path) -> None:
        """Refuses a build in which somebody has changed what would be replaced.

        Raises:
            InputError: there is such a change.
        """
        for folder in (PROJECT, IMAGE):
            refuse_changes(build / folder, self.rule(folder))


def make_firmware(stages: Stages, target: Target, plan: RunPlan, model: str, detector: DetectorConfig) -> Outcome:
    """Makes project, image and test vectors of the run's model, which is the zoo's ``model``.

    Raises:
        BudgetError: the firmware does not fit.
    """
    platform, package, folder = within(target.platform, plan.config.budget), target.package, stages.root
    tflite = (stages.folder / MODEL).read_bytes()
    name = safe_identifier(plan.phrase)
    compiled = compile_for(platform, read_model(stages.folder / MODEL), name)
    content = Content(platform, compiled, tflite, plan.phrase, detector, name, plan.config.synth.language)
    package.check(content)
    with owned_folder(folder / PROJECT, target.rule(PROJECT)) as project:
        package.render(project, content)
        with (
            owned_folder(folder / IMAGE, target.rule(IMAGE)) as image_folder,
            scratch_folder(stages.folder, "objects") as objects,
        ):
            image = package.build(project, content, objects, image_folder)
            cost = _cost(platform, model, content, image, objects)
    if image is None:
        rmtree(folder / IMAGE)  # it is empty, or an older build's with another framework
    write_bytes(folder / MODEL, tflite)
    files = {kind: folder / IMAGE / path.name for kind, path in image.files.items()} if image else {}
    final = judge(platform, plan.config.budget, cost, package.name)
    write_vectors(folder / VECTORS, stages.folder / CLIPS, compiled)
    over = [line for line in final.lines if not line.fits]
    if over:
        raise BudgetError(
            f"the final firmware is over budget: {over[0].name} {over[0].used} of {over[0].limit} {over[0].unit}"
        )
    paths = {kind: str(path.relative_to(folder)) for kind, path in files.items()}
    facts = {
        "image": paths if package.stands_alone else {},
        "files": list(paths.values()),
        "flash_wait_cycles": longest_waits(platform, cost).invoke,
        **final.as_dict(),
    }
    written = [p for name in (PROJECT, VECTORS) for p in sorted((folder / name).rglob("*")) if p.is_file()]
    outputs = (*files.values(), folder / MODEL, *written)
    made = package.main_file(platform, files).name if files else f"a project for {package.name}"
    whole = f"; with the framework {_sizes_note(image.sizes)}" if image and image.whole else ""
    return Outcome(f"{made}: {_sizes_note(cost.sizes)}{whole}", facts, outputs)


def _cost(platform: Platform, model: str, content: Content, image: Image | None, scratch: Path) -> Cost:
    """What the firmware costs; as bare metal where a framework is in it, or where only a user's tools build it.

    The limits leave the framework its reserve.
    """
    if image is None or image.whole:
        return cost_of_compiled(platform, model, content.model, content.phrase, scratch)
    run = run_image(platform, image.files, content.model)
    return assembled(platform, model, content.model.input_frames, content.model, image.sizes, run)


def _sizes_note(sizes: Sizes) -> str:
    code, model, ram = (value / 1024 for value in (sizes.code_flash, sizes.model_flash, sizes.ram))
    return f"{code:.1f} KiB code, {model:.1f} KiB model, {ram:.1f} KiB RAM"
