"""Keeps the working directory out of the paths where Python and the system look for modules and programs.

A file ``esptool.py`` or ``gcc`` in the folder where somebody happens to work is not the tool of that name. This is the
first module of wwtool that Python imports, so it uses only modules that are loaded already; pathlib is not.
"""
# ruff: noqa: PTH100, PTH109, PTH117, PTH118, PTH120

import os
import sys

# Lists of folders that are searched for programs, modules, libraries and headers. An empty entry means the working
# directory; "$VARIABLE:/more" has one where the variable is not set.
_LISTS = (
    "PATH", "PYTHONPATH", "NODE_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "COMPILER_PATH", "LIBRARY_PATH", "CPATH",
    "C_INCLUDE_PATH",
)  # fmt: skip
_PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def leave_out_working_directory() -> None:
    """Removes relative folders from the search paths of this process and of all that it starts.

    Absolute folders stay, because somebody named them on purpose. A checkout that is not installed is searched last.
    """
    here = _working_directory()
    unwanted = {"", os.curdir}
    unwanted |= {os.path.abspath(os.path.join(here, entry)) for entry in _relative(os.environ.get("PYTHONPATH", ""))}
    if _started_as_module() and sys.path[:1] == [here]:
        unwanted.add(here)  # Python puts it there for -m
    sys.path[:] = [entry for entry in sys.path if entry not in unwanted]
    for name in _LISTS:
        if name in os.environ and _relative(os.environ[name]):
            os.environ[name] = _absolute(os.environ[name])
    if _PACKAGE_ROOT not in sys.path:
        sys.path.append(_PACKAGE_ROOT)
        paths = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = f"{paths}{os.pathsep}{_PACKAGE_ROOT}" if paths else _PACKAGE_ROOT
    os.environ["PYTHONSAFEPATH"] = "1"  # for worker processes, which Python starts with -c
    os.environ["NoDefaultCurrentDirectoryInExePath"] = "1"  # noqa: SIM112  # for Windows, which calls it that


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return os.sep


def _started_as_module() -> bool:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.partition(".")[0] == "wwtool" and not sys.flags.safe_path


def _relative(value: str) -> list[str]:
    return [entry for entry in value.split(os.pathsep) if not os.path.isabs(entry)] if value else []


def _absolute(value: str) -> str:
    """The absolute entries; without any a path to nowhere, as an empty list means the working directory."""
    return os.pathsep.join(filter(os.path.isabs, value.split(os.pathsep))) or os.devnull
