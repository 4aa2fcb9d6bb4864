"""A running JupyterLab as tests see it: its address, its REST interface, its kernels."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from jupyter_client.blocking.client import BlockingKernelClient


@dataclass
class Lab:
    """A JupyterLab that was started, and its printed address."""

    process: subprocess.Popen[bytes]
    out: Path
    home: Path

    @property
    def page(self) -> str:
        """The printed address."""
        found = re.search(r"^JupyterLab  (\S+)", self.out.read_text("utf-8"), re.MULTILINE)
        return found[1] if found else ""

    @property
    def token(self) -> str:
        """The token in the printed address."""
        return urlsplit(self.page).query.removeprefix("token=")

    def answers(self) -> bool:
        """Whether the server takes connections."""
        try:
            socket.create_connection(("127.0.0.1", urlsplit(self.page).port or 0), timeout=1).close()
        except OSError:
            return False
        return True

    def request(self, path: str, *, data: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """Ask the server's REST interface."""
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        body = None if data is None else json.dumps(data).encode()
        return json.loads(fetch(Request(f"http://{urlsplit(self.page).netloc}{path}", body, headers)))


def fetch(address: str | Request) -> str:
    """Return what a server of this machine answers."""
    with urlopen(address, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def run_cell(lab: Lab, kernel_id: str, code: str) -> str:
    """Run code in a kernel that the server started; return what it printed."""
    client = BlockingKernelClient(connection_file=str(lab.home / f"run/jupyter/runtime/kernel-{kernel_id}.json"))
    client.load_connection_file()
    client.start_channels(hb=False)  # the client calls a kernel dead that is busy for more than a second
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text") or "\n".join(message["content"].get("traceback", [])))

    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(code, timeout=60, output_hook=keep)
    finally:
        client.stop_channels()
    return "".join(printed)
