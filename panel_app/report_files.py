"""Files of the reports that were made, as plain addresses beside the dashboard's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tornado.web import HTTPError, RequestHandler

from pixels.reports.shelf import ShelvedReport, shelved_report

ROUTE = r"/report-files/(.+)/([^/]+)"
Allowed = Callable[[RequestHandler], bool]
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
}
_SHOWN = (".html", ".pdf")
# A report is a document of its own: whatever stands in it cannot ask the dashboard in the name of whoever reads it.
_OWN_DOCUMENT = "sandbox allow-scripts allow-downloads allow-popups allow-popups-to-escape-sandbox"


def address_of(report: ShelvedReport, file: Path, shelf: Path) -> str:
    """Return where a file of a report is found, relative to the dashboard's address."""
    folder = report.folder.relative_to(shelf).as_posix()
    return f"./report-files/{quote(folder)}/{quote(file.name)}"


class ReportFiles(RequestHandler):
    """GET /report-files/<folder under the shelf>/<file>: a file that a report consists of, and no other.

    404 for what there is not, 403 for who may not see it.
    """

    def initialize(self, shelf: Path, allowed: Allowed) -> None:
        """Take what it serves from."""
        self._shelf, self._allowed = shelf, allowed

    async def get(self, folder: str, file: str) -> None:
        """Send the file."""
        if not self._allowed(self):
            raise HTTPError(403, reason="This is for those who may see the names of players")
        body = await asyncio.to_thread(_content, self._shelf, folder, file)
        if body is None:
            raise HTTPError(404, reason="There is no such report")
        ending = Path(file).suffix
        self.set_header("Content-Type", _MEDIA[ending])
        if ending not in _SHOWN:
            self.set_header("Content-Disposition", "attachment")
        if ending == ".html":
            self.set_header("Content-Security-Policy", _OWN_DOCUMENT)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(body)


def _content(shelf: Path, folder: str, file: str) -> bytes | None:
    """Return a file of a report; None where it is not one."""
    report = shelved_report(shelf, folder)
    path = next((path for path in report.files.values() if path.name == file), None) if report else None
    try:
        return path.read_bytes() if path else None
    except OSError:  # replaced or taken away meanwhile
        return None
