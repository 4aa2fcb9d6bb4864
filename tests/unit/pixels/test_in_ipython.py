"""Pixels inside IPython: the cell magic and the displays."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from polars.testing import assert_frame_equal
from traitlets.config import Config

import pixels
from pixels import Warehouse
from pixels.in_ipython import put_warehouse
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.reports.html_page import HtmlPage

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A shell that has loaded the extension."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.extension_manager.load_extension("pixels")
    return shell


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """A person who went all the way over a hostile banner, and one who did not."""
    sample = SampleWarehouse(pixels_home)
    sample.publish(
        visit("p1", HOSTILE, "2026-11-01T10:00"),
        registration("p1", HOSTILE, "2026-11-01T11:00"),
        deposit("p1", HOSTILE, "2026-11-02T10:00"),
        visit("p2", "a", "2026-11-01T10:00"),
        complete_until=at("2026-11-20T12:00"),
    )
    return sample


def html(shell: InteractiveShell, value: object) -> HtmlPage:
    """Return what a notebook shows of a value."""
    data, _ = shell.display_formatter.format(value)
    return HtmlPage(data["text/html"])


def test_a_cell_of_sql_is_a_frame(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """On the newest snapshot, which is `wh` from then on; $name is the variable."""
    shell.user_ns["kind"] = "visit"

    frame = shell.run_cell_magic("pixels", "", "SELECT count(*) AS n FROM events WHERE event_type = $kind")

    assert_frame_equal(frame, pl.DataFrame({"n": [2]}))
    assert isinstance(shell.user_ns["wh"], Warehouse)


def test_a_name_on_the_line_takes_the_frame(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """And `wh`, where it is there already, is asked."""
    with pixels.open(sample.home) as wh:
        shell.user_ns["wh"] = wh
        assert shell.run_cell_magic("pixels", "players", "SELECT player_id FROM players ORDER BY 1;\n") is None
        assert shell.user_ns["players"]["player_id"].to_list() == ["p1", "p2"]
        assert shell.user_ns["wh"] is wh


@pytest.mark.parametrize(
    ("line", "cell", "told"),
    [
        ("", "SELECT $nothing", r"\$nothing: there is no variable nothing"),
        ("", "SELEKT 1", "sql: "),
        ("", "DELETE FROM events", "one SELECT is run"),
        ("", "SELECT * FROM read_csv('/etc/passwd')", "sql: "),
        ("a-b", "SELECT 1", "not a name that a variable can have"),
    ],
)
def test_what_cannot_run_is_one_line(
    shell: InteractiveShell, sample: SampleWarehouse, line: str, cell: str, told: str
) -> None:
    """No traceback through the insides of Pixels."""
    with pytest.raises(UsageError, match=told):
        shell.run_cell_magic("pixels", line, cell)


def test_without_a_snapshot_the_magic_says_what_to_do(shell: InteractiveShell, pixels_home: Path) -> None:
    """And a kernel starts all the same, without `wh`."""
    put_warehouse(shell)

    assert "wh" not in shell.user_ns
    with pytest.raises(UsageError, match="nothing has been published"):
        shell.run_cell_magic("pixels", "", "SELECT 1")


def test_a_kernel_finds_the_newest_snapshot_as_wh(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """As `pixels lab` gives it to each."""
    put_warehouse(shell)

    assert shell.user_ns["wh"].snapshot == 1


def test_a_warehouse_shows_what_it_holds(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """Closed, it shows what is still known."""
    with pixels.open(sample.home) as wh:
        text = html(shell, wh).text
    assert "1 to 2 Nov 2026" in text
    assert "20 Nov 2026, 12:00 (UTC)" in text
    assert "2 visits, 1 registration, 1 deposit" in text
    assert "snapshot 1" in html(shell, wh).text


def test_an_empty_warehouse_says_how_something_comes(shell: InteractiveShell, pixels_home: Path) -> None:
    """No figures are made up."""
    sample = SampleWarehouse(pixels_home)
    sample.publish_again(complete_until=at("2026-11-20T12:00"))
    with pixels.open(sample.home) as wh:
        assert "none yet: send a pixel" in html(shell, wh).text


def test_a_funnel_shows_its_steps(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """By banner it is a frame like others."""
    with pixels.open(sample.home) as wh:
        text = html(shell, wh.funnel("2026-11-01", "2026-11-02")).text
        split = html(shell, wh.funnel("2026-11-01", "2026-11-02", by="banner_tag")).text
    assert "Registration150.0 %50.0 %" in text
    assert "shape: " in split


def test_a_player_is_a_timeline(shell: InteractiveShell, sample: SampleWarehouse) -> None:
    """Names of strangers stay text."""
    with pixels.open(sample.home) as wh:
        page = html(shell, wh.player("p1"))
    assert "Person p1: 3 records" in page.text
    assert page.text.count(HOSTILE) == 3
    assert "img" not in page.elements


def test_other_frames_look_as_polars_draws_them(shell: InteractiveShell) -> None:
    """Empty ones too."""
    frame = pl.DataFrame({"a": [1]})

    assert shell.display_formatter.format(frame)[0]["text/html"] == frame._repr_html_()
    assert "shape: (0, 1)" in html(shell, frame.clear()).text
