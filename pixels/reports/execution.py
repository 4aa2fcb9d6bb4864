"""Run notebooks with papermill, in a kernel that is this very Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pixels.config import Settings
from pixels.processes import settings_environment

_LONGEST_SOCKET_NAME = 90  # sun_path is 108 bytes in Linux, and the sockets' names are a little longer than the file's
_CLEAR_S = 60
_CLEAR = "get_ipython().reset(new_session=True)"

Progress = Literal["none", "bar", "lines"]
"""How is told which cell runs: not at all, by a bar for a person, or in lines such as "cell 3 of 25" for a program."""
_PROGRESS: Mapping[Progress, bool | dict[str, object]] = {
    "none": False,
    "bar": True,
    "lines": {"bar_format": "cell {n_fmt} of {total_fmt}\n", "mininterval": 0, "miniters": 1},
}


class CellFailed(Exception):
    """A cell raised, or the kernel died. The message fits in one line."""


class Kernel:
    """Runs one notebook after the other; started for the first one. What one leaves behind the next one does not see.

    What costs seconds, starting and importing, is done once. `folder` is this user's alone and is this kernel's alone.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._manager: Any = None

    def execute(self, notebook: Any, parameters: Mapping[str, object], executed: Path, *, progress: Progress) -> Any:
        """Run the notebook with parameters and return it with its outputs; it is written to `executed` as it goes.

        `progress` is told on stderr. Raises CellFailed; `executed` then holds the traceback, and the next notebook gets a
        fresh kernel.
        """
        import papermill
        from papermill.exceptions import PapermillExecutionError

        try:
            self._ready()
            return papermill.execute_notebook(
                notebook,
                str(executed).replace("{", "{{").replace("}", "}}"),  # papermill takes a path for a format string
                parameters=dict(parameters),
                kernel_name="python3",
                language="python",
                progress_bar=_PROGRESS[progress],
                km=self._manager,  # nbclient starts it if it does not run, and leaves it running
            )
        except PapermillExecutionError as error:
            self.end()
            raise CellFailed(one_line(f"cell {error.exec_count}: {error.ename}: {error.evalue}")) from error
        except RuntimeError as error:  # jupyter_client, nbclient: the kernel did not start, or died
            self.end()
            raise CellFailed(one_line(f"the kernel: {error}")) from error

    def end(self) -> None:
        """End the kernel, if it runs."""
        from jupyter_core.utils import run_sync

        if self._manager is not None:
            self._manager.forget_client()
            if self._manager.has_kernel:
                run_sync(self._manager.shutdown_kernel)(now=True)
        self._manager = None

    def _ready(self) -> None:
        from jupyter_core.utils import run_sync

        if self._manager is None:
            self._manager = _this_python(self._settings, self._folder / "kernel.json")
        else:
            clear = run_sync(self._manager.newest_client.execute_interactive)
            clear(_CLEAR, silent=True, output_hook=_unseen, timeout=_CLEAR_S)


def _this_python(settings: Settings, connection_file: Path) -> Any:
    """Return a kernel manager for `sys.executable` and these settings, whatever kernels this machine has registered.

    It speaks over Unix sockets beside `connection_file` where their names are short enough for the system, else over TCP on
    this machine, signed.
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
        newest_client: Any = None

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

        def client(self, **options: Any) -> Any:
            """Make a client for one notebook: that of the one before has done its work."""
            self.forget_client()
            self.newest_client = super().client(**options)
            return self.newest_client

        def forget_client(self) -> None:
            if self.newest_client is not None:
                self.newest_client.stop_channels()
            self.newest_client = None

    return ThisPython(transport=transport, connection_file=str(connection_file))


def _unseen(_message: object) -> None:
    """Clearing a kernel shows nothing."""


def one_line(text: str) -> str:
    """Make text fit for a terminal: an error may quote what strangers sent."""
    return "".join(character if character.isprintable() else " " for character in text)[:500]
