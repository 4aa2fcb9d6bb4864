"""The errors that Pixels raises on purpose; each says what happened, why, and what to do next.

The command line prints them without a traceback and exits with `exit_code` (sysexits.h numbers).
"""

from __future__ import annotations

CANNOT_READ_OR_WRITE = 74
"""Exit code when a file or folder cannot be used."""


class PixelsError(Exception):
    """An expected failure with a message for a person."""

    exit_code = 1


class ConfigurationError(PixelsError):
    """A setting is missing, wrong, or contradicts what the warehouse was made with."""

    exit_code = 78


class BadParameter(PixelsError, ValueError):
    """A value handed to a function, a command or a URL is not usable; names the parameter."""

    exit_code = 64

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter, self.problem = parameter, message


class NoSnapshot(PixelsError):
    """Nothing has been published yet, or what was published cannot be read."""

    exit_code = 66
