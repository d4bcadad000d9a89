"""The exceptions that become exit codes.

Raise one of these with a sentence that says what is wrong, where, and how to mend it. Anything else that reaches
the command line is a bug and exits with 1.
"""

from __future__ import annotations


class WwtoolError(Exception):
    """Base of every error a user can cause or mend."""

    exit_code = 1


class UsageError(WwtoolError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class BudgetError(WwtoolError):
    """The firmware does not fit the platform."""

    exit_code = 3


class InputError(WwtoolError):
    """Data, configuration or model that cannot be used."""

    exit_code = 4


class ToolError(WwtoolError):
    """A compiler, emulator or other tool is missing or failed."""

    exit_code = 5


class DeviceError(WwtoolError):
    """The device, or a test on it, failed."""

    exit_code = 6


class CancelledError(WwtoolError):
    """Somebody has cancelled the job. What it had finished is kept, and the same job goes on from there."""

    exit_code = 130  # as after Ctrl-C
