"""The PDF of a report, as somebody prints or reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pypdfium2
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from pixels.cli import main
from pixels.config import load_settings
from pixels.reports.elements import table
from pixels.reports.notebooks import report_notebooks
from pixels.reports.page import page
from pixels.reports.pdf import NoPdf, Printer, chromium_program, printing
from tests.integration.notebooks.homes import five_weeks

A4 = (595, 842)  # points
TITLE = "Weekly report"
CHOSEN = {"affiliate_report": ("-p", "affiliate=brandA", "-p", "dimension=banner_tag")}
"""What a report needs in order to show anything."""


@pytest.fixture(scope="module")
def printer() -> Iterator[Printer]:
    with printing(load_settings()) as started:
        yield started


def print_cells(printer: Printer, folder: Path, *cells: Any) -> Any:
    """Print a page of these cells and open the PDF."""
    (folder / "page.html").write_text(page(nbformat.v4.new_notebook(cells=list(cells)), TITLE), "utf-8")
    printer.print(folder / "page.html", folder / "page.pdf")
    return pypdfium2.PdfDocument(folder / "page.pdf")


def shown(html: str) -> Any:
    return nbformat.v4.new_code_cell("show()", outputs=[nbformat.v4.new_output("display_data", {"text/html": html})])


def texts(pdf: Any) -> list[str]:
    """The text of each page."""
    return [pdf_page.get_textpage().get_text_range() for pdf_page in pdf]


def space(height: int) -> Any:
    return shown(f'<div style="height: {height}px"></div>')


@pytest.mark.browser
@pytest.mark.parametrize("height", range(600, 1000, 50))
def test_no_heading_stands_alone_at_the_end_of_a_page(printer: Printer, tmp_path: Path, height: int) -> None:
    """Wherever it falls, what it is about begins on its page."""
    heading = nbformat.v4.new_markdown_cell("## What did these days bring?")

    pdf = print_cells(printer, tmp_path, space(height), heading, shown("<p>12 visits came.</p>"))

    assert [("What did" in text) for text in texts(pdf)] == [("12 visits" in text) for text in texts(pdf)]


@pytest.mark.browser
def test_a_long_name_beside_many_numbers_is_no_column_of_letters(printer: Printer, tmp_path: Path) -> None:
    """Two rows with a name of 200 letters take a page or two."""
    row: dict[str, object] = {"day": "2026-11-15", "measure": "Daily unique visitors", "of": "x" * 200, "kind": "rise"}
    row |= {f"figure {n}": 12_345_678 for n in range(5)}
    drawn = table(pl.DataFrame([row, row]), {name: name.capitalize() for name in row})

    pages = texts(print_cells(printer, tmp_path, shown(drawn.data)))

    assert len(pages) <= 2


@pytest.mark.browser
def test_a_table_breaks_between_rows_and_repeats_its_head(printer: Printer, tmp_path: Path) -> None:
    """A row of several lines is on one page; each page says what the columns are."""
    rows = "".join(f"<tr><td>row {n} begins<br>and<br>row {n} ends</td></tr>" for n in range(60))

    pages = texts(
        print_cells(
            printer, tmp_path, shown(f"<table><thead><tr><th>Banner</th></tr></thead><tbody>{rows}</tbody></table>")
        )
    )

    assert len(pages) > 2
    assert all(f"row {n} ends" in text for text in pages for n in range(60) if f"row {n} begins" in text)
    assert all("Banner" in "".join(text.split()) for text in pages)


@pytest.mark.browser
@pytest.mark.parametrize("height", range(700, 1000, 20))
def test_how_many_rows_more_there_are_stands_below_the_last_row(printer: Printer, tmp_path: Path, height: int) -> None:
    """On another page nobody knows which table goes on."""
    rows = table(pl.DataFrame({"banner": ["one", "two", "three", "four"]}), {"banner": "Banner"}, limit=3)

    pages = ["".join(text.split()) for text in texts(print_cells(printer, tmp_path, space(height), shown(rows.data)))]

    assert [("more" in text, "three" in text) for text in pages if "more" in text] == [(True, True)]


@pytest.mark.browser
def test_every_page_has_title_and_number_and_the_outline_leads_to_the_sections(
    printer: Printer, tmp_path: Path
) -> None:
    """A4, with an outline of the headings and tags for who listens to it."""
    cells = [nbformat.v4.new_markdown_cell("# Weekly"), *(map(section, ("One", "Two", "Three")))]

    pdf = print_cells(printer, tmp_path, *cells)

    assert {tuple(map(round, pdf_page.get_size())) for pdf_page in pdf} == {A4}
    for number, text in enumerate(texts(pdf), 1):
        assert TITLE in text
        assert f"{number} / {len(pdf)}" in text
    outline = [(entry.get_title(), entry.get_dest().get_index()) for entry in pdf.get_toc()]
    assert outline == [("Weekly", 0), ("One", 0), ("Two", 1), ("Three", 2)]
    assert b"/StructTreeRoot" in (tmp_path / "page.pdf").read_bytes()


def section(heading: str) -> Any:
    """A section that fills most of a page."""
    return nbformat.v4.new_markdown_cell(f'## {heading}\n\n<div style="height: 800px">about it</div>')


_WITHOUT_CHARTS = {"anomaly_investigation", "reconciliation"}
"""In these weeks nothing stands out, and without a file there is nothing to compare."""


@pytest.mark.browser
@pytest.mark.parametrize("name", report_notebooks())
def test_nothing_of_a_report_is_clipped_in_print(
    name: str, pixels_home: Path, tmp_path: Path, chromium: Browser
) -> None:
    """Charts and tables are as wide as the paper; where there is a chart, it has drawn in colours."""
    five_weeks(pixels_home)
    made = CliRunner().invoke(main, ["report", name, *CHOSEN.get(name, ()), "--out", str(tmp_path)])
    assert made.exit_code == 0, made.stderr

    opened = chromium.new_page(viewport={"width": 680, "height": 900})
    opened.emulate_media(media="print")
    opened.goto((tmp_path / f"{name}.html").as_uri())
    wide = opened.evaluate(
        "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 681).length"
    )
    charts = opened.locator("figure.chart").count()
    opened.close()

    assert wide == 0
    pdf = pypdfium2.PdfDocument(tmp_path / f"{name}.pdf")
    assert bool(charts) == (name not in _WITHOUT_CHARTS)
    assert not charts or colours(pdf) > 1000


def colours(pdf: Any) -> int:
    """How many pixels of all pages are neither white, grey nor black."""
    found = 0
    for pdf_page in pdf:
        pixels = pdf_page.render(scale=0.5).to_numpy().astype("int16")
        found += int(((pixels.max(axis=2) - pixels.min(axis=2)) > 60).sum())
    return found


def test_without_chromium_the_report_is_made_and_says_how_to_get_a_pdf(
    pixels_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older PDF goes, and the page is there."""
    five_weeks(pixels_home)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "campaign_report.pdf").write_bytes(b"an older one")

    made = CliRunner().invoke(main, ["report", "campaign_report", "--out", str(tmp_path)])

    assert made.exit_code == 0
    assert "no PDF: there is no Chromium on the path" in made.stderr
    assert "apt install chromium" in made.stderr
    assert sorted(path.name for path in tmp_path.glob("campaign_report.*")) == [
        "campaign_report.html",
        "campaign_report.ipynb",
    ]


def test_a_pdf_that_is_wanted_and_cannot_be_is_refused_before_the_run(
    pixels_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a report whose PDF will not be."""
    monkeypatch.setenv("PIXELS_CHROMIUM", "no-such-program")

    made = CliRunner().invoke(main, ["report", "campaign_report", "--pdf", "--out", str(tmp_path / "out")])

    assert (made.exit_code, made.stdout) == (69, "")
    assert "PIXELS_CHROMIUM is no-such-program, which is no program that can be run" in made.stderr
    assert not (tmp_path / "out").exists()


def test_a_chromium_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    """Any program that is no browser."""
    settings = load_settings(chromium="/bin/false")

    assert chromium_program(settings) == "/bin/false"
    with pytest.raises(NoPdf, match="/bin/false did not start"), printing(settings):
        pass


@pytest.mark.browser
@pytest.mark.parametrize("height", range(800, 1000, 25))
def test_the_last_page_is_never_empty(printer: Printer, tmp_path: Path, height: int) -> None:
    """The space below the last list needs no page."""
    last = nbformat.v4.new_markdown_cell("- the last line")

    assert "the last line" in texts(print_cells(printer, tmp_path, space(height), last))[-1]
