"""Tables of the pages as files, and pages as notebooks: plain addresses beside the dashboard's own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence

from tornado.web import HTTPError, RequestHandler

from panel_app.notebook import notebook_of
from panel_app.page import Page, Shown
from panel_app.source import Source
from panel_app.state import DashboardState
from pixels.listing import as_csv

ROUTE = r"/download/([a-z-]+)/([a-z-]+)\.(csv|parquet|ipynb)"
OVERVIEW = "overview"
"""What the overview is called here, whose slug is empty."""
Allowed = Callable[[RequestHandler, Page, str], bool]
FORMATS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_NOTEBOOK = "application/x-ipynb+json"


class Downloads(RequestHandler):
    """GET /download/<page>/<table>.<csv|parquet> and /download/<page>/notebook.ipynb, with the query of the page.

    The same address gives the table of what the page shows: the newest snapshot. 404 for what there is not, 403 for who may
    not see it, 503 while nothing is published.
    """

    def initialize(self, source: Source, pages: Sequence[Page], allowed: Allowed) -> None:
        """Take what it serves from."""
        self._source, self._pages, self._allowed = source, pages, allowed

    async def get(self, slug: str, table: str, suffix: str) -> None:
        """Send the file."""
        page = next((page for page in self._pages if page.slug == ("" if slug == OVERVIEW else slug)), None)
        if page is None or (suffix != "ipynb" and table not in page.tables):
            raise HTTPError(404, reason="There is no such table")
        if not self._allowed(self, page, table):
            raise HTTPError(403, reason="This is for those who may see the names of players")
        shown = await asyncio.to_thread(_shown, self._source, self._pages, f"./{page.slug}?{self.request.query}")
        if shown is None:
            raise HTTPError(503, reason="Nothing is published yet")
        body, media = await asyncio.to_thread(_file, page, shown, table, suffix)
        self.set_header("Content-Type", media)
        self.set_header("Content-Disposition", f'attachment; filename="{_file_name(page, shown, table, suffix)}"')
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(body)


def _shown(source: Source, pages: Sequence[Page], href: str) -> Shown | None:
    """Read what the page of that address shows; None while there is nothing."""
    state = DashboardState(source, pages)
    state.go(href)
    state.follow()
    if state.answer is None:
        return None
    return Shown(state.address, state.situation, state.answer, state.standing)


def _file(page: Page, shown: Shown, table: str, suffix: str) -> tuple[bytes, str]:
    if suffix == "ipynb":
        return notebook_of(page, shown), _NOTEBOOK
    frame = page.tables[table](shown)
    if suffix == "csv":
        return f"{as_csv(frame)}\n".encode(), FORMATS[suffix]
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue(), FORMATS[suffix]


def _file_name(page: Page, shown: Shown, table: str, suffix: str) -> str:
    """Name a file by its page, days and snapshot: nothing of it was named by a stranger."""
    period = shown.situation.period
    days = f"{period.start.isoformat()}_{period.end.isoformat()}"
    kind = "" if suffix == "ipynb" else f"-{table}"
    return f"pixels-{page.slug or OVERVIEW}{kind}-{days}-snapshot-{shown.situation.snapshot}.{suffix}"
