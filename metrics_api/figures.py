"""What answers a request for figures, whichever of the table it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import falcon
import falcon.asgi
import msgspec
import polars as pl

from metrics_api.caching import client_has, describe
from metrics_api.current_warehouse import CurrentWarehouse, tag_of
from metrics_api.endpoint import Endpoint
from metrics_api.formats import FORMATS, JSON, WRITERS, Format, json_rows
from metrics_api.keys import check_analyst
from metrics_api.paging import PAGE, ROWS_OF_JSON, Cursor, HeldSnapshots, name_of_question
from metrics_api.parameters import DIMENSION, Parameter, Values, choice, read_parameters
from metrics_api.problems import NotThere
from metrics_api.questions import Answer, Questions
from pixels import Warehouse
from pixels.config import ApiScope
from pixels.errors import BadParameter
from pixels.pointer import utc_text

Request = falcon.asgi.Request
Response = falcon.asgi.Response

_FORMATS = {form.name: form for form in FORMATS}
FORMAT = Parameter("format", choice(*_FORMATS), "the form of the answer; without it the header Accept says", "json")
_NAMES_OVER_REST = {"start": "from", "end": "to"}
FORM_OF_ANSWER = (*PAGE, FORMAT)
"""Parameters of every question that choose in which form it is answered."""


@dataclass(frozen=True)
class Wish:
    """In which form an answer is wanted."""

    form: Format
    limit: int | None
    cursor: Cursor | None


@dataclass(frozen=True)
class Page:
    """Some rows of an answer, and the number of the row where the next page begins; None: there is none."""

    rows: pl.DataFrame
    following: int | None

    @classmethod
    def of(cls, rows: pl.DataFrame, offset: int, limit: int | None) -> Page:
        """Cut a page out of all rows; without a limit it ends with them."""
        end = rows.height if limit is None else offset + limit
        return cls(rows[offset:end], end if end < rows.height else None)


class FiguresResource:
    """GET and HEAD on one path of the table.

    400 names a wrong parameter, 404 says that there is nothing of the name in the path, 406 that no such form is made,
    410 that the snapshot of an earlier page is gone; 503 while nothing is published. The ETag changes with the snapshot.
    """

    def __init__(
        self, endpoint: Endpoint, current: CurrentWarehouse, questions: Questions, held: HeldSnapshots
    ) -> None:
        self._endpoint, self._current, self._questions, self._held = endpoint, current, questions, held
        self.scope: ApiScope = endpoint.scope

    async def on_get(self, req: Request, resp: Response, **in_path: str) -> None:
        """Answer with a page of the rows, or 304 when the client has it."""
        asked, wish = self._read(req, in_path)
        form, cursor, question = wish.form, wish.cursor, name_of_question(self._endpoint.path, asked)
        warehouse = self._held.of(cursor, question, await asyncio.to_thread(self._current))
        tag = tag_of(warehouse)
        etag = f'"{tag}"' if form is JSON else f'"{tag}-{form.name}"'
        if client_has(req, etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            describe(resp, warehouse, etag)
            return
        answer = await self._answer(warehouse, (tag, question), asked)
        describe(resp, warehouse, etag)
        resp.set_header("X-Pixels-Rows-Total", str(answer.rows.height))
        page = Page.of(answer.rows, cursor.offset if cursor else 0, wish.limit)
        following = None
        if page.following is not None:
            self._held.hold(warehouse)
            following = _link(req, Cursor(page.following, question, tag))
            resp.append_link(following, "next")
        resp.content_type = form.content_type
        if form is JSON:
            about = {**asked, **about_snapshot(warehouse), "rows_total": answer.rows.height, "next": following}
            resp.data = await self._questions.work(lambda: _json(about, answer, page))
        else:
            resp.downloadable_as = _file_name(self._endpoint, asked, form)
            resp.data = await self._questions.work(lambda: WRITERS[form](page.rows))

    on_head = on_get

    def _read(self, req: Request, in_path: dict[str, str]) -> tuple[Values, Wish]:
        """Return what is asked, and in which form it is to be answered."""
        try:
            values = read_parameters((*self._endpoint.parameters, *FORM_OF_ANSWER), req, in_path)
        except BadParameter as error:
            raise self._meaning_of(error) from error
        asked = {parameter.name: values[parameter.name] for parameter in self._endpoint.parameters}
        if self._shows_metadata(asked):
            check_analyst(req)
        form = chosen_form(req, values["format"])
        limit = values["limit"] or (ROWS_OF_JSON if form is JSON else None)
        return asked, Wish(form, limit, values["cursor"])

    async def _answer(self, warehouse: Warehouse, question: tuple[str, str], asked: Values) -> Answer:
        try:
            return await self._questions.answer(question, lambda: answer_of(self._endpoint, warehouse, asked))
        except BadParameter as error:
            raise self._meaning_of(error) from error

    def _shows_metadata(self, asked: Values) -> bool:
        """Whether the values of a dimension are what events carry, such as visitor keys: those are no figures."""
        dimensions = [asked[p.name] for p in self._endpoint.parameters if p.kind is DIMENSION]
        return any(name is not None and name.startswith("metadata.") for name in dimensions)

    def _meaning_of(self, error: BadParameter) -> Exception:
        """What the path names is there or not; everything else is right or wrong."""
        if name := _NAMES_OVER_REST.get(error.parameter):
            error = BadParameter(name, str(error).removeprefix(f"{error.parameter}: "))
        in_path = {parameter.name for parameter in self._endpoint.parameters if parameter.in_path}
        return NotThere(str(error)) if error.parameter in in_path else error


def answer_of(endpoint: Endpoint, warehouse: Warehouse, asked: Values) -> Answer:
    """Ask the library."""
    rows = endpoint.rows(warehouse, asked)
    return Answer(rows, {name: beside.frame(warehouse, asked) for name, beside in endpoint.beside.items()})


def about_snapshot(warehouse: Warehouse) -> dict[str, Any]:
    """Return the members of every JSON answer that say of what it is; made-up data says so."""
    about = {
        "time_zone": warehouse.time_zone,
        "as_of": utc_text(warehouse.as_of),
        "complete_until": utc_text(warehouse.complete_until),
        "snapshot": warehouse.snapshot,
    }
    return about | {"demo": True} if warehouse.is_demo else about


def chosen_form(req: Request, name: str | None) -> Format:
    """Return the form that is asked for, by its name or else by Accept. Raises 406 when there is none."""
    if name is not None:
        return _FORMATS[name]
    media_types = {form.media_type: form for form in FORMATS}
    preferred = req.client_prefers(list(media_types))
    if preferred is None:
        raise falcon.HTTPNotAcceptable(description=f"This is answered as one of {', '.join(media_types)}.")
    return media_types[preferred]


def _json(about: dict[str, Any], answer: Answer, page: Page) -> bytes:
    beside = {name: json_rows(frame)[0] for name, frame in answer.beside.items()}
    return msgspec.json.encode({**about, **beside, "rows": json_rows(page.rows)})


def _link(req: Request, cursor: Cursor) -> str:
    """Return the address of the next page, relative to this one: a proxy may have put its own in front."""
    others = [(name, value) for name, value in req.params.items() if name != "cursor"]
    return f"?{urlencode([*others, ('cursor', str(cursor))], doseq=True)}"


def _file_name(endpoint: Endpoint, asked: Values, form: Format) -> str:
    """Return the name under which the answer is saved: the question and its days, nothing that a stranger wrote."""
    days = [str(asked[name]) for name in ("from", "to", "date", "since", "until") if asked.get(name)]
    return f"{'_'.join([endpoint.name, *days])}.{form.name}"
