"""A report that was run, as the message it is sent with, and on the shelf of reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from pixels.cli import main
from pixels.config import load_settings
from pixels.errors import BadParameter
from pixels.reports import run_report
from pixels.reports.message import message_of
from pixels.reports.shelf import new_folder, shelved_reports, write_index
from pixels.reports.summary import summary_of
from tests.integration.delivery.conftest import Hook
from tests.integration.notebooks.homes import AFFILIATE, HOSTILE, five_weeks
from tests.unit.reports.html_page import HtmlPage


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one report of an affiliate whose names are markup, in the folder of reports."""
    home = tmp_path_factory.mktemp("home")
    five_weeks(home, is_demo=True)
    settings = load_settings(home=home)
    folder = new_folder(settings.reports_dir, "affiliate_report")
    run_report("affiliate_report", {"affiliate": AFFILIATE, "from": "2026-11-01"}, settings, folder)
    return settings.reports_dir


def test_a_report_in_short_says_what_each_section_comes_to(shelf: Path) -> None:
    """Names that are markup stay text."""
    (report,) = shelved_reports(shelf)

    summary = summary_of(report.files["Page"].read_text("utf-8"))

    assert summary.subject == f"1 to 21 Nov 2026, {AFFILIATE}"
    told = dict(summary.sections)
    assert told["What did your banners bring?"].startswith(f"“{HOSTILE}” brought the most: 21 deposit days")
    assert "Every event that was received counted" in told["Why may your own log say something else?"]


def test_the_message_has_the_sentences_a_picture_and_the_pdf(shelf: Path) -> None:
    """The text stands alone; in the HTML names stay text."""
    (report,) = shelved_reports(shelf)

    message = message_of(report.folder, load_settings(home=shelf.parent))

    assert message.subject == f"[demo data] Affiliate report: 1 to 21 Nov 2026, {AFFILIATE}"
    assert f"“{HOSTILE}” brought the most" in message.text
    assert f"pixels report verify {report.folder}" in message.text
    page = HtmlPage(message.html)
    assert f"“{HOSTILE}” brought the most" in page.text
    assert page.elements & {"img", "script", "i"} == {"img"}  # the picture alone
    assert message.picture.startswith(b"\x89PNG")
    assert [(one.path.name, one.media_type) for one in message.attachments] == [
        ("affiliate_report.pdf", "application/pdf")
    ]
    assert not message.is_alarm


def test_a_failed_report_says_what_failed_and_how_to_run_it_again(shelf: Path, tmp_path: Path) -> None:
    """No figures go with it."""
    (report,) = shelved_reports(shelf)
    record = {**report.record, "status": "failed", "error": "cell 3: ZeroDivisionError: division by zero"}
    (tmp_path / "report.json").write_text(json.dumps(record))

    message = message_of(tmp_path, load_settings(home=shelf.parent))

    assert message.subject == "FAILED: Affiliate report"
    assert "cell 3: ZeroDivisionError" in message.text
    assert f"pixels report affiliate_report -p affiliate='{AFFILIATE}' -p from=2026-11-01" in message.text
    assert (message.attachments, message.is_alarm) == ((), True)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}"])
def test_a_folder_without_a_report_is_none(tmp_path: Path, content: str | None) -> None:
    """Said with the folder; on the shelf it is not listed."""
    if content is not None:
        (tmp_path / "report.json").write_text(content)

    with pytest.raises(BadParameter, match="holds no report"):
        message_of(tmp_path, load_settings(home=tmp_path))
    assert shelved_reports(tmp_path) == []


def test_the_index_lists_the_newest_first_and_can_be_searched(shelf: Path, tmp_path: Path, chromium: Browser) -> None:
    """Failures stand out; names stay text; nothing is asked of the network."""
    shutil.copytree(shelf / "affiliate_report", tmp_path / "affiliate_report")
    (report,) = shelved_reports(tmp_path)
    failed = {
        **report.record,
        "name": "weekly_report",
        "status": "failed",
        "error": "cell 3",
        "finished_at": "2099-01-01T00:00:00Z",
    }
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / "report.json").write_text(json.dumps(failed))
    index = write_index(tmp_path)

    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(index.as_uri())
    rows = page.locator("tbody tr")
    assert rows.count() == 2
    assert "Weekly report" in rows.nth(0).inner_text()
    assert page.locator(".failed").inner_text() == "failed"
    assert AFFILIATE in rows.nth(1).inner_text()
    page.get_by_label("Search").fill("done 2026-11-01")
    assert rows.nth(0).is_hidden()
    assert page.get_by_role("status").inner_text() == "1 of 2"
    page.get_by_role("link", name="Page").click()
    page.get_by_role("heading", name="Affiliate report").wait_for()
    assert all(url.startswith("file:") for url in asked)
    page.close()


def test_the_command_shelves_and_sends(shelf: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --out each run has a folder of its own; who did not get it is an error, after all others have."""
    monkeypatch.setenv("PIXELS_HOME", str(shelf.parent))
    to = f"http://127.0.0.1:{hook.port}/T0KEN"

    outcome = CliRunner().invoke(
        main, ["report", "affiliate_report", "--no-pdf", "--to", to, "--to", "anna@example.com"]
    )

    assert outcome.exit_code == 69
    assert "sent to http://127.0.0.1/..." in outcome.stderr
    assert "not sent to anna@example.com: PIXELS_SMTP_URL is not set" in outcome.stderr
    assert "T0KEN" not in outcome.output
    assert hook.received[0]["title"].startswith("[demo data] Affiliate report")
    assert len(shelved_reports(shelf)) == 2
    assert "Affiliate report" in (shelf / "index.html").read_text("utf-8")


def test_a_wrong_recipient_is_refused_before_anything_runs(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shelved."""
    monkeypatch.setenv("PIXELS_HOME", str(shelf.parent))
    before = len(shelved_reports(shelf))

    outcome = CliRunner().invoke(main, ["report", "affiliate_report", "--to", "anna"])

    assert outcome.exit_code == 64
    assert "no e-mail address" in outcome.stderr
    assert len(shelved_reports(shelf)) == before
