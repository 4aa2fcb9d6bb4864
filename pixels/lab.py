"""`pixels lab`: JupyterLab in a folder of its own, with the notebooks of Pixels and a kernel that can import it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from pixels.config import Settings
from pixels.notebook_copies import copy_notebooks
from pixels.ports import url, with_free_ports
from pixels.processes import settings_environment
from pixels.resources import resource_path

START_PAGE = "/lab/tree/quickstart.ipynb"

_QUIET = [
    "--ServerApp.answer_yes=True",  # Ctrl-C ends it without a question
    "--ServerApp.port_retries=0",  # the port that was asked for, or an error
    "--Application.log_level=WARN",
    "--LabApp.news_url=None",  # nothing is asked of the network
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
_KERNEL_CONFIG = """# Written by `pixels lab` each time it starts.
c = get_config()
c.InteractiveShellApp.extensions = ["pixels"]
c.InteractiveShellApp.exec_lines = ["__import__('pixels.in_ipython').in_ipython.put_warehouse(get_ipython())"]
"""
_ENCRYPTED = ["--KernelManager.transport_encryption=auto"]  # else each kernel warns that its ports are open to read


def run_lab(
    settings: Settings, browser: bool, *, shipped: Path | None = None, say: Callable[[str], None] = print
) -> int:
    """Become JupyterLab on `settings.host` and `settings.lab_port` (0: a free one); returns only by an exception.

    The work folder is `notebooks` in `settings.home`, filled from `shipped` (default: this installation's notebooks).
    It always takes a token to get in: JUPYTER_TOKEN, or else a random one, printed with the address.
    Raises `ConfigurationError` when the port is taken.
    """
    import zmq

    settings = with_free_ports(settings.model_copy(update={"home": settings.home.absolute()}), ["lab_port"])
    work = settings.home / "notebooks"
    for name in copy_notebooks(shipped or resource_path("notebooks"), work):
        say(f"{work / name} was changed or run here, so it stays. Pixels has a newer one: rename yours to get both.")
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    page = START_PAGE if (work / Path(START_PAGE).name).exists() else "/lab"
    say(f"JupyterLab  {url(settings.host, settings.lab_port)}{page}?token={token}")
    command = [
        *(sys.executable, "-P", "-m", "jupyterlab", *_QUIET, *(_ENCRYPTED if zmq.has("curve") else [])),
        f"--ServerApp.ip={settings.host}",
        f"--ServerApp.port={settings.lab_port}",
        f"--ServerApp.root_dir={work}",
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.allow_root={os.geteuid() == 0}",
        f"--LabApp.default_url={page}",
    ]
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell lets its background jobs ignore it, and Jupyter would too
    os.execve(sys.executable, command, _environment(settings, token))  # noqa: S606 - our own interpreter


def _environment(settings: Settings, token: str) -> dict[str, str]:
    """Return the environment of JupyterLab and its kernels: these settings, and all state under PIXELS_HOME."""
    jupyter = settings.home / "run" / "jupyter"
    _write_kernel_spec(jupyter / "kernels" / "python3")
    _write_page_config(jupyter / "config" / "labconfig")
    _write_kernel_config(jupyter / "ipython" / "profile_default")
    return {
        **settings_environment(settings),
        "JUPYTER_TOKEN": token,  # not an argument: those are there for every user of the machine to read
        "JUPYTER_PATH": os.pathsep.join(filter(None, [str(jupyter), os.environ.get("JUPYTER_PATH")])),
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTER_DATA_DIR": str(jupyter / "data"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(jupyter / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(jupyter / "lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(jupyter / "lab" / "workspaces"),
    }


def _write_kernel_spec(folder: Path) -> None:
    """Write the kernel named python3: this very interpreter, before any other of that name on the machine."""
    from ipykernel.kernelspec import write_kernel_spec

    shutil.rmtree(folder, ignore_errors=True)
    write_kernel_spec(folder)


def _write_kernel_config(folder: Path) -> None:
    """Give each kernel the magic, the displays and `wh`; what analysts want besides goes into `startup`, beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ipython_kernel_config.py").write_text(_KERNEL_CONFIG, "utf-8")


def _write_page_config(folder: Path) -> None:
    """Switch off the plugin that asks whether to show news: it asks also when there are none to be had."""
    folder.mkdir(parents=True, exist_ok=True)
    disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (folder / "page_config.json").write_text(json.dumps(disabled), "utf-8")
