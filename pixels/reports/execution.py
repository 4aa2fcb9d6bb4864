"""Run a notebook with papermill, in a kernel that is this very Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixels.config import Settings
from pixels.processes import settings_environment

_LONGEST_SOCKET_NAME = 90  # sun_path is 108 bytes in Linux, and the sockets' names are a little longer than the file's


class CellFailed(Exception):
    """A cell raised, or the kernel died. The message fits in one line."""


def execute(notebook: Any, parameters: Mapping[str, object], executed: Path, settings: Settings) -> Any:
    """Run the notebook with parameters and return it with its outputs; it is written to `executed` as it goes.

    Shows progress by cell on a terminal. Raises CellFailed; `executed` then holds the traceback.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    try:
        return papermill.execute_notebook(
            notebook,
            str(executed).replace("{", "{{").replace("}", "}}"),  # papermill takes a path for a format string
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=sys.stderr.isatty(),
            kernel_manager_class=_this_python(settings, executed.with_name("kernel.json")),
        )
    except PapermillExecutionError as error:
        raise CellFailed(_one_line(f"cell {error.exec_count}: {error.ename}: {error.evalue}")) from error
    except RuntimeError as error:  # nbclient: the kernel did not start, or died
        raise CellFailed(_one_line(f"the kernel: {error}")) from error


def _this_python(settings: Settings, connection_file: Path) -> Any:
    """Return a kernel manager for `sys.executable` and these settings, whatever kernels this machine has registered.

    It speaks over Unix sockets beside `connection_file` (a folder that is this user's alone) where their names are short
    enough for the system, else over TCP on this machine, signed.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    environment = {name: value for name, value in settings_environment(settings).items() if name.startswith("PIXELS_")}
    environment["IPYTHONDIR"] = str(connection_file.with_name("ipython"))  # nobody's start-up files
    spec = KernelSpec(
        # -P: no module of the folder that the report happens to be run in comes before the installed ones
        argv=[sys.executable, "-P", "-m", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"],
        env={name: value.replace("$", "$$") for name, value in environment.items()},  # ${...} would be filled in
        display_name="Python",
        language="python",
    )
    transport = "ipc" if len(os.fsencode(connection_file)) < _LONGEST_SOCKET_NAME else "tcp"

    class ThisPython(AsyncKernelManager):  # type: ignore[misc] # jupyter_client has no types for mypy here
        def __init__(self, **options: Any) -> None:
            super().__init__(transport=transport, connection_file=str(connection_file), **options)

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return ThisPython


def _one_line(text: str) -> str:
    """Make text fit for a terminal: an error may quote what strangers sent."""
    return "".join(character if character.isprintable() else " " for character in text)[:500]
