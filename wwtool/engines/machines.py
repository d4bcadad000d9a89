"""Machines that compile and run the generated C: this computer, or a core emulated by QEMU."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wwtool.base.assets import asset_dir
from wwtool.base.objects import Compilation, compile_objects
from wwtool.base.programs import run_binary, run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import one_line
from wwtool.compiler.targets import Target
from wwtool.errors import ToolError

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")
_TIMEOUT_S = 600
XTENSA_PACKAGES = "gcc-xtensa-lx106 picolibc-xtensa-lx106-elf"


def host_compiler() -> str:
    """The C compiler of this machine: $CC, cc, gcc or clang.

    Raises:
        ToolError: there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return str(Path(name).absolute()) if Path(name).name != name else name  # it runs in other folders
    raise ToolError("no C compiler was found on this machine; install one, on Debian or Ubuntu: apt-get install gcc")


@dataclass(frozen=True)
class Machine:
    """A compiler with the flags of a core, and the emulator that runs its programs (empty: this computer runs them).

    On an emulator, the standard input and output of a program are files. ``support`` is linked to every program.
    """

    target: Target
    compiler: str
    flags: tuple[str, ...]
    support: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    emulator: tuple[str, ...] = ()
    instructions_a_tick: int = 0
    redirected: bool = False  # the program uses the emulator's standard input and output
    packages: str = ""

    @property
    def available(self) -> bool:
        """Whether compiler and emulator are installed."""
        return all(shutil.which(tool) for tool in (self.compiler, *self.emulator[:1]))

    def compile(self, sources: list[Path], program: Path, flags: tuple[str, ...]) -> None:
        """Compiles ``sources`` (their folder is searched for headers) and links them.

        Raises:
            ToolError: the compiler or the emulator is missing, or the compiler failed.
        """
        for tool in (self.compiler, *self.emulator[:1]):
            if shutil.which(tool) is None:
                raise ToolError(
                    f"{tool} was not found; install it, on Debian or Ubuntu: apt-get install {self.packages}"
                )
        root = asset_dir("firmware_templates") / "emulated"
        here = sources[0].parent.absolute()
        command = (self.compiler, *WARNINGS, *self.flags, *flags)
        includes = ("-I.", *([f"-I{root}"] if self.support else []))
        names = [source.name if source.parent.absolute() == here else str(source.absolute()) for source in sources]
        with TemporaryFolder("objects") as folder:
            compilations = [
                Compilation((*command, *includes), name, folder / f"{number}.o")
                for number, name in enumerate([*names, *(str(root / file) for file in self.support)])
            ]
            failure = compile_objects(compilations, here)
            message = failure.message if failure is not None else self._link(command, compilations, program)
        if message is not None:
            raise ToolError(f"the C compiler {self.compiler} failed on the model: {one_line(message)[:400]}")

    def _link(self, command: tuple[str, ...], compilations: list[Compilation], program: Path) -> str | None:
        """Links object files; returns what the linker said if it failed."""
        objects = [str(compilation.target) for compilation in compilations]
        done = run_program([*command, *objects, "-o", str(program.absolute()), *self.libraries], cwd=program.parent)
        return done.stderr if done.returncode != 0 else None

    def run(self, program: Path, content: bytes) -> bytes:
        """Runs a program with ``content`` as its standard input and returns its standard output.

        Raises:
            ToolError: the program did not finish, or failed.
        """
        if not self.emulator:
            command = [str(program.absolute())]
            result = run_binary(command, cwd=program.parent, content=content)
            return self._checked(result, result.stdout)
        with TemporaryFolder("emulated") as folder:
            (folder / "input").write_bytes(content)
            command = [*self.emulator, "-kernel", str(program.absolute())]
            with (folder / "input").open("rb") as stdin:
                result = run_binary(command, cwd=folder, stdin=stdin, timeout_s=_TIMEOUT_S)
            output = folder / "output"
            written = output.read_bytes() if output.is_file() else b""
            return self._checked(result, result.stdout if self.redirected else written)

    def _checked(self, result: subprocess.CompletedProcess[bytes], output: bytes) -> bytes:
        if result.returncode != 0:
            detail = one_line(result.stderr.decode("utf-8", "replace"))[-400:]
            raise ToolError(f"the compiled model stopped ({self.target}) with code {result.returncode}: {detail}")
        return output


def host(target: Target = "host") -> Machine:
    """This computer with its own compiler. It also runs the kernels of other targets, but slowly."""
    return Machine(target, host_compiler(), (), packages="gcc")


_QUIET = ("-display", "none", "-monitor", "none", "-serial", "none")
_PIE_PADDING = 15  # so that 26 instructions of pie_trap.S and its vector are counted for one
_BARE = ("-ffreestanding", "-ffunction-sections", "-Wl,--gc-sections", "-nostartfiles")


def _arm(target: Target, board: str, *flags: str) -> Machine:
    script = asset_dir("firmware_templates") / "emulated" / "arm" / "mps2.ld"
    return Machine(
        target,
        "arm-none-eabi-gcc",
        (*flags, "-mthumb", *_BARE, "--specs=nano.specs", "-T", str(script)),
        ("stdio.c", "arm/machine.c"),
        (),
        ("qemu-system-arm", "-M", board, "-icount", "shift=0", "-semihosting", *_QUIET),
        40,
        packages="gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    )


def _cortex_m0plus() -> Machine:
    return _arm("cortex-m0plus", "mps2-an385", "-mcpu=cortex-m0plus")  # QEMU has a Cortex-M3 for it


def _cortex_m4() -> Machine:
    return _arm("cortex-m4", "mps2-an386", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")


def _xtensa(target: Target = "xtensa", flags: tuple[str, ...] = (), support: tuple[str, ...] = ()) -> Machine:
    script = asset_dir("firmware_templates") / "emulated" / "xtensa" / "sim.ld"
    bare = ("-mlongcalls", "-mtext-section-literals", *_BARE, "-nostdlib", "-Wl,--no-warn-rwx-segments")
    return Machine(
        target,
        "xtensa-lx106-elf-gcc",
        (*picolibc(), *bare, *flags, "-T", str(script)),
        ("stdio.c", "xtensa/start.S", "xtensa/machine.c", "../boards/esp32s3/builtins.c", *support),
        ("-lc", "-lgcc"),
        ("qemu-system-xtensa", "-M", "sim", "-cpu", "dc232b", "-icount", "shift=6", "-semihosting", *_QUIET),
        1,
        redirected=True,
        packages=f"{XTENSA_PACKAGES} qemu-system-misc",
    )


def _xtensa_pie() -> Machine:
    """QEMU does not know the ESP32-S3's vector unit; its instructions trap, and an interpreter does them (pie.c)."""
    return _xtensa(
        "xtensa-pie",
        pie_flags(cycles_of_25=25, enabled=True, fault="ww_fault"),
        ("xtensa/pie.c", "xtensa/pie_trap.S", "xtensa/pie_vector.S"),
    )


def pie_flags(cycles_of_25: int, enabled: bool, fault: str) -> tuple[str, ...]:
    """Flags for pie_trap.S: what 25 instructions add to CCOUNT, whether the program finds the vector unit enabled, and
    where its exceptions go."""
    enabled_bits = 1 << 3 if enabled else 0
    return (
        f"-DPIE_COUNT={cycles_of_25}", f"-DPIE_PADDING={_PIE_PADDING}", f"-DPIE_ENABLED={enabled_bits}",
        f"-DPIE_FAULT={fault}",
    )  # fmt: skip


# The targets whose instructions can be counted.
EMULATED: dict[Target, Callable[[], Machine]] = {
    "cortex-m0plus": _cortex_m0plus,
    "cortex-m4": _cortex_m4,
    "xtensa": _xtensa,
    "xtensa-pie": _xtensa_pie,
}


def emulated(core: Target) -> Machine:
    """The machine in QEMU that runs code for a target.

    Raises:
        ValueError: there is none.
    """
    if core not in EMULATED:
        raise ValueError(f"there is no emulated core '{core}'")
    return EMULATED[core]()


def forget_picolibc() -> None:
    """The library may have been installed since the last look."""
    _picolibc_of.cache_clear()


def picolibc() -> tuple[str, ...]:
    """Flags with the place of the Xtensa compiler's C library, whose specs are not on the compiler's path.

    () if the compiler or the library is missing.
    """
    compiler = shutil.which("xtensa-lx106-elf-gcc")
    return _picolibc_of(compiler) if compiler else ()


@cache
def _picolibc_of(compiler: str) -> tuple[str, ...]:
    command = [compiler, "-print-file-name=libc.a"]
    library = Path(run_program(command).stdout.strip())
    return (f"-isystem{library.parents[1] / 'include'}", f"-L{library.parent}") if library.is_absolute() else ()
