"""`pixels lab`: a real JupyterLab with a real kernel, in a work folder under PIXELS_HOME."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser

import pixels
from tests.integration.up.conftest import descendants, process_is_there
from tests.integration.up.jupyter_lab import Lab, fetch, run_cell
from tests.waiting import until

RUN_LAB = """
import pathlib, sys
from pixels.config import load_settings
from pixels.lab import run_lab
run_lab(load_settings(), browser=False, shipped=pathlib.Path({shipped!r}))
"""


def launch(folder: Path, environment: dict[str, str] | None = None, **popen: Any) -> Lab:
    """Start `run_lab` on a free port, its home and a shipped notebook in `folder`, and wait for it."""
    shipped, out = folder / "shipped", folder / "out"
    shipped.mkdir()
    cell = nbformat.v4.new_code_cell("import pixels")
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, shipped / "quickstart.ipynb")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PIXELS_", "JUPYTER"))}
    with out.open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN_LAB.format(shipped=str(shipped))],
            env={**own, "PIXELS_HOME": "home", "PIXELS_LAB_PORT": "0", **(environment or {})},
            cwd=folder,
            **{"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stdout, **popen},
        )
    lab = Lab(process, out, folder / "home")
    until(lambda: process.poll() is not None or lab.answers(), timeout=60)
    assert process.poll() is None, out.read_text("utf-8")
    return lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab that tests look at and leave running."""
    lab = launch(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.process.terminate()
    lab.process.wait(30)


@pytest.fixture
def launch_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Start one that the test ends; ended after it if need be."""
    started: list[Lab] = []

    def start(**arguments: Any) -> Lab:
        started.append(launch(tmp_path, **arguments))
        return started[-1]

    yield start
    for lab in started:
        if lab.process.poll() is None:
            lab.process.kill()
            lab.process.wait(30)


def test_a_cell_runs_in_this_environment_and_finds_the_warehouse_of_this_home(lab: Lab) -> None:
    """The kernel is this interpreter, `pixels` is this one, and PIXELS_HOME is absolute."""
    kernel = lab.request("/api/kernels", data={"name": "python3", "path": "quickstart.ipynb"})["id"]

    code = "import os, sys, pixels; print(sys.executable, pixels.__file__, os.environ['PIXELS_HOME'], os.getcwd())"
    said = run_cell(lab, kernel, code).split()

    assert said == [sys.executable, pixels.__file__, str(lab.home), str(lab.home / "notebooks")]


def test_a_kernel_has_the_magic_and_without_data_no_warehouse(lab: Lab) -> None:
    """What analysts put into `startup` beside our configuration still runs."""
    startup = lab.home / "run" / "jupyter" / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "mine.py").write_text("mine = 1")
    kernel = lab.request("/api/kernels", data={"name": "python3", "path": "quickstart.ipynb"})["id"]

    said = run_cell(
        lab, kernel, "print('pixels' in get_ipython().magics_manager.magics['cell'], 'wh' in globals(), mine)"
    )

    assert said == "True False 1\n"


def test_it_opens_on_the_quickstart_and_takes_a_token(lab: Lab) -> None:
    """The printed address opens the notebook; without the token nothing is to be had."""
    assert urlsplit(lab.page).path == "/lab/tree/quickstart.ipynb"
    assert len(lab.token) >= 32
    assert "jupyter-config-data" in fetch(lab.page)
    assert [entry["name"] for entry in lab.request("/api/contents")["content"]] == ["quickstart.ipynb"]
    with pytest.raises(HTTPError, match="403"):
        lab.request("/api/contents", token="guess")


def test_lab_asks_nothing_of_the_network(lab: Lab) -> None:
    """No news, no look for updates, no catalogue of extensions."""
    _, _, rest = fetch(lab.page).partition('<script id="jupyter-config-data" type="application/json">')
    config = json.loads(rest.partition("</script>")[0])

    assert config["news"] == {"disabled": True}
    assert config["extensionManager"]["can_install"] is False
    assert lab.request("/lab/api/update") == {"notification": None}


def test_the_token_of_the_environment_is_used_and_kernels_end_with_the_server(launch_lab: Callable[..., Lab]) -> None:
    """`pixels up` gives a token, so that it can print it; it is not among the arguments, which everybody can read."""
    lab = launch_lab(environment={"JUPYTER_TOKEN": "a-token-from-outside"})
    assert lab.token == "a-token-from-outside"
    kernel = lab.request("/api/kernels", data={"name": "python3"})["id"]
    assert run_cell(lab, kernel, "print(6 * 7)") == "42\n"
    assert lab.out.read_text("utf-8").splitlines() == [f"JupyterLab  {lab.page}"]  # no word of warning
    pids = descendants(lab.process.pid)
    assert pids
    for pid in (lab.process.pid, *pids):
        assert b"a-token-from-outside" not in Path(f"/proc/{pid}/cmdline").read_bytes()

    lab.process.terminate()

    assert lab.process.wait(30) == 0
    until(lambda: not any(process_is_there(pid) for pid in pids), timeout=10)


def test_sigint_ends_it_without_a_question(launch_lab: Callable[..., Lab]) -> None:
    """Started by a shell in the background, where SIGINT is ignored at first."""
    lab = launch_lab(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))

    lab.process.send_signal(signal.SIGINT)

    assert lab.process.wait(15) == 0


def test_ctrl_c_on_a_terminal_ends_it_without_a_question(launch_lab: Callable[..., Lab]) -> None:
    """Jupyter asks `y/n` there otherwise."""
    controller, terminal = pty.openpty()
    lab = launch_lab(stdin=terminal)
    os.close(terminal)

    lab.process.send_signal(signal.SIGINT)

    assert lab.process.wait(15) == 0
    os.close(controller)


def test_a_taken_port_is_an_error_that_names_the_setting(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lab never moves to another port by itself."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("PIXELS_LAB_PORT", str(other.getsockname()[1]))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pixels", "lab", "--no-browser"], capture_output=True, text=True
        )

    assert done.returncode == 78
    assert "PIXELS_LAB_PORT" in done.stderr


def test_the_quickstart_opens_in_a_browser_without_a_word_in_between(lab: Lab, chromium: Browser) -> None:
    """No question about news, no notice, and every request goes to this machine."""
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(lab.page)
    page.get_by_role("tab", name="quickstart.ipynb").wait_for(timeout=60_000)
    page.locator(".jp-Notebook .jp-CodeCell").wait_for(timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)

    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    assert {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))} == {"127.0.0.1"}
    page.close()


PLOT = """
import polars as pl
from datetime import date
from pixels import plots
days = [date(2026, 11, 1), date(2026, 11, 2)]
plots.metrics(pl.DataFrame({"event_date": days, "event_type": ["visit"] * 2, "count": [1, 2]}))
"""


def test_a_plot_in_a_cell_is_drawn_without_the_network(lab: Lab, chromium: Browser) -> None:
    """HoloViews by itself asks a server on the internet for style sheets."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PLOT)], metadata={"kernelspec": kernel})
    nbformat.write(notebook, lab.home / "notebooks" / "plot.ipynb")
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(
        lab.page.replace("/lab/tree/quickstart", "/lab/workspaces/plot/tree/plot")
    )  # nothing of other tests is open
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea .bk-Figure canvas").first.wait_for(timeout=180_000)

    assert {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))} == {"127.0.0.1"}
    page.close()
