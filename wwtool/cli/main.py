"""The command line: finds a command, turns exceptions into one sentence and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import threading
import traceback

import click

from wwtool import __version__
from wwtool.base.launch import follows, launched
from wwtool.base.search_paths import leave_out_working_directory
from wwtool.base.text import one_line
from wwtool.cli import streams
from wwtool.cli.terminal import complain
from wwtool.errors import InputError, UsageError, WwtoolError

# A command is loaded when it is used: most need neither torch nor LiteRT.
_COMMANDS = {
    "platforms": ("wwtool.cli.platforms:platforms", "List the platform profiles, or show one."),
    "doctor": ("wwtool.cli.doctor:doctor", "Show which tools are installed, and how to get the others."),
    "voices": ("wwtool.cli.voices:voices", "List, get, add and remove voices that speak the wake word in training."),
    "data": (
        "wwtool.cli.data:data",
        "Get data sets, synthesise speech, check and index recordings, split them by speaker.",
    ),
    "budget": ("wwtool.cli.budget:budget", "Measure a model's firmware against a platform's budget by a dry build."),
    "train": ("wwtool.cli.train:train", "Train a model, quantization-aware; goes on where it was interrupted."),
    "evaluate": ("wwtool.cli.evaluate:evaluate", "Measure recall and false alarms per hour of an INT8 model."),
    "compare": (
        "wwtool.cli.compare:compare",
        "Compare runs or builds, and say which differences are more than chance.",
    ),
    "models": ("wwtool.cli.models:models", "Keep finished models as versions in a folder, and go back to one."),
    "config": ("wwtool.cli.config:config", "Explain, compare, update and check configs; list the presets."),
    "export": ("wwtool.cli.export:export", "Write a finished model as a file, or as a project for a framework."),
    "quantize": ("wwtool.cli.quantize:quantize", "Quantize a float .tflite or .onnx to INT8 with calibration data."),
    "compile": ("wwtool.cli.compile:compile_", "Compile an INT8 .tflite to C99."),
    "run": ("wwtool.cli.run:run", "Run an INT8 .tflite on an input file."),
    "diff": ("wwtool.cli.diff:diff", "Compare the engines layer by layer and name the first that disagrees."),
    "build": ("wwtool.cli.build:build", "Turn a wake word into flashable firmware."),
    "emulate": ("wwtool.cli.emulate:emulate", "Run a built image on an emulated board."),
    "flash": ("wwtool.cli.flash:flash", "Flash a build on a real board and verify it."),
    "bringup": ("wwtool.cli.bringup:bringup", "Meet a new board, step by step, and write a report."),
    "hil": ("wwtool.cli.hil:hil", "Run the hardware-in-the-loop tests over a serial port."),
}


INTERRUPTED = 130  # as a shell has it: 128 + SIGINT
_AGAIN = "interrupted; run the same command again to go on"


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="wwtool")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Turn a wake word into flashable microcontroller firmware, and prove on the device that it works."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with the contract's codes."""
    leave_out_working_directory()
    # torch reads this when it is loaded. Threads that spin while they wait make training ten times slower on a machine
    # with other work, and no faster on an idle one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if launched():  # what C++ logs of a process that has gone, the one that fails first says in a sentence
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    # Training sets its number of threads itself, and would wait forever for threads that a limit withholds.
    os.environ.pop("OMP_THREAD_LIMIT", None)
    if arguments is None:
        streams.restart_in_utf8()
    streams.prepare()
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    # --debug is accepted anywhere, as people add it to the end of the line that failed.
    words = (["--debug"] if debug else []) + [w for w in words if w != "--debug"]
    if threading.current_thread() is threading.main_thread():
        # A service manager or `timeout` sends SIGTERM. It ends the program like Ctrl-C, which cleans up.
        signal.signal(signal.SIGTERM, _end_like_interrupt)
    code = _run(words, debug)
    if code == INTERRUPTED and arguments is None:  # a second Ctrl-C must not show how Python ends
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    lost = streams.why_output_is_lost()
    if lost is not None and code == 0:
        complain(f"error: {lost}")
        code = InputError.exit_code
    sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    """click's message and the command whose help tells more."""
    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message[:1].lower()}{message[1:]}; see '{context.command_path if context else 'wwtool'} --help'"


def _end_like_interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _show_traceback(error: BaseException) -> None:
    for part in traceback.TracebackException.from_exception(error).format():
        # A place in the source takes several lines; a message is one, whatever it says.
        for text in part.splitlines() if part.startswith("  File ") else [part.strip("\n")]:
            complain(text)


def _run(words: list[str], debug: bool) -> int:
    try:
        if _folder_is_gone():  # some libraries end the program when they are loaded there
            raise InputError("the folder you are in no longer exists; change to another and run the same command again")
        result = cli.main(words, prog_name="wwtool", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        if not follows():  # the leading process says the same
            complain(f"error: {_sentence(error)}")
        return UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain(_AGAIN)
        return INTERRUPTED
    except WwtoolError as error:
        if debug:
            _show_traceback(error)
        complain(f"error: {error}")
        return error.exit_code
    except OSError as error:
        if debug:
            _show_traceback(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = f", so {error.filename} cannot be written" if error.filename else ""
            complain(f"error: the disk is full{where}; free some space and run the same command again")
        else:
            complain(f"error: {error.strerror or error}: {error.filename or 'a file'}; check that it can be used")
        return InputError.exit_code
    except Exception as error:
        if _is_interrupt(error):
            complain(_AGAIN)
            return INTERRUPTED
        if debug:
            _show_traceback(error)
        complain(f"bug: {type(error).__name__}: {one_line(str(error))}; please report it with the output of --debug")
        return 1


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: a library in C that it strikes while it loads says ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _folder_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 (Path.cwd is the same, and no clearer)
    except FileNotFoundError:
        return True
    return False
