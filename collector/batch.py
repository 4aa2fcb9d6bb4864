"""POST /events: many events of a server in one request, each with a result of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import falcon
import msgspec
from falcon.asgi import Response

from collector.answers import answer_preflight, explain
from collector.body import JSON, TEXT, read_body
from collector.clock import Clock
from collector.contract import EVENT_TYPES, Event, EventType, Facts, InvalidEvent
from collector.counters import Counters
from collector.event_log import EVENTS, EventLog
from collector.events import EventPipeline, to_json
from collector.parameters import OPTIONS, read_json, read_query, shown
from collector.refusals import Refusals
from collector.request import PixelRequest
from collector.signing import SIGNATURE_PARAMETER

MAX_ITEMS = 1000
BATCH_TYPES = (JSON, "application/x-ndjson", "application/ndjson", TEXT)

_ITEMS_AT_A_TIME = 50
"""After so many, other requests get their turn."""

_ELEMENT = json.JSONDecoder(parse_float=str, parse_int=str)
_SPACE = frozenset(" \t\r\n")

Outcome = Event | InvalidEvent


class BatchResource:
    """Record each event of a JSON array or of lines of JSON; what is wrong with one does not concern the others.

    All accepted events are durable before the answer is sent. When one of them is not, the answer is 503, and the sender
    repeats the whole batch; with `eventId`s in it, or signed, nothing counts twice.
    """

    def __init__(
        self,
        log: EventLog,
        pipeline: EventPipeline,
        clock: Clock,
        counters: Counters,
        refusals: Refusals,
        *,
        max_body_bytes: int,
    ) -> None:
        self._log, self._pipeline, self._clock, self._counters = log, pipeline, clock, counters
        self._refusals, self._max_body_bytes = refusals, max_body_bytes

    async def on_post(self, req: PixelRequest, resp: Response) -> None:
        """Store the events, keep the refusals, then answer with a result for each in the order sent."""
        req.is_batch = True
        in_url = read_query(req.raw_query)
        items = split_items(await read_body(req, self._max_body_bytes, BATCH_TYPES))
        facts = self._facts(req, in_url)
        outcomes = [await self._outcome(number, item, facts) for number, item in enumerate(items)]
        await self._store(req, items, outcomes)
        accepted = sum(isinstance(outcome, Event) for outcome in outcomes)
        refused = len(outcomes) - accepted
        resp.status = falcon.HTTP_200 if not refused else falcon.HTTP_207 if accepted else falcon.HTTP_400
        explain(resp, {"accepted": accepted, "refused": refused, "results": [result_of(each) for each in outcomes]})

    async def on_options(self, req: PixelRequest, resp: Response) -> None:
        """Answer a CORS preflight."""
        answer_preflight(resp, "POST")

    def _facts(self, req: PixelRequest, in_url: dict[str, str]) -> Facts:
        """Return what is known of all items, whatever their types; one signature covers them."""
        now, signing = self._clock(), self._pipeline.signing
        signature_in_url = in_url.pop(SIGNATURE_PARAMETER, None)
        for name in in_url.keys() - set(OPTIONS):
            raise InvalidEvent("reserved_parameter", f"{shown(name)} belongs into each event, not into the URL")
        is_read = any(signing.is_read(event_type) for event_type in EVENT_TYPES)
        signature = req.signature(signature_in_url, signing, now) if is_read else None
        return req.facts("visit", now, self._pipeline.contract, signature)

    async def _outcome(self, number: int, item: bytes, facts: Facts) -> Outcome:
        if number % _ITEMS_AT_A_TIME == _ITEMS_AT_A_TIME - 1:
            await asyncio.sleep(0)
        try:
            parameters = read_json(item)
            for option in OPTIONS:  # the answer to a batch is always the same
                parameters.pop(option, None)
            event_type = event_type_of(parameters.pop("eventType", None))
            return self._pipeline.event(parameters, self._facts_of_item(facts, event_type, number))
        except InvalidEvent as refused:
            return refused

    def _facts_of_item(self, facts: Facts, event_type: EventType, number: int) -> Facts:
        """Return what is known of one item; where signatures are off for its type, it is unsigned."""
        if self._pipeline.signing.is_read(event_type):
            return msgspec.structs.replace(facts, event_type=event_type, item=number)
        return msgspec.structs.replace(facts, event_type=event_type, item=number, key_id=None, signature=None)

    async def _store(self, req: PixelRequest, items: Sequence[bytes], outcomes: Sequence[Outcome]) -> None:
        """Return when all events are durable and all refusals kept; raise what the first failure raised, after the rest."""
        begun = perf_counter()
        sender = req.refused_sender(self._pipeline.contract)
        stored = await asyncio.gather(
            *(
                self._log.append(EVENTS, outcome.player_id.encode(), to_json(outcome))
                if isinstance(outcome, Event)
                else self._refusals.keep(req.kept_reason(outcome), req.refused_payload(item), sender)
                for item, outcome in zip(items, outcomes, strict=True)
            ),
            return_exceptions=True,
        )
        seconds = perf_counter() - begun
        for outcome, failure in zip(outcomes, stored, strict=True):
            if isinstance(outcome, Event) and failure is None:
                self._counters.accepted(outcome.event_type, seconds)
        for failure in stored:
            if failure is not None:
                raise failure


def split_items(body: bytes) -> list[bytes]:
    """Return the items of a JSON array, or the lines that are not blank; raises `InvalidEvent` for none or too many."""
    stripped = body.strip()
    items = _elements(stripped) if stripped.startswith(b"[") else [i for i in stripped.split(b"\n") if i.strip()]
    if not items:
        raise InvalidEvent("bad_body", "there are no events in the body")
    if len(items) > MAX_ITEMS:
        raise InvalidEvent("too_long", f"at most {MAX_ITEMS} events are taken at once", status=falcon.HTTP_413)
    return items


def _elements(array: bytes) -> list[bytes]:
    """Return the elements of a JSON array as they stand, not many more than `MAX_ITEMS`; each is looked into later, by itself."""
    elements: list[bytes] = []
    try:
        text = array.decode("utf-8")
        comma, at = ",", _after_space(text, 1)
        if text[at:] == "]":
            return elements
        while comma == "," and len(elements) <= MAX_ITEMS:
            start = _after_space(text, at)
            _, end = _ELEMENT.raw_decode(text, start)
            elements.append(text[start:end].encode())
            end = _after_space(text, end)
            comma, at = text[end : end + 1], end + 1
        if comma != "," and (comma != "]" or at < len(text)):
            raise ValueError(f"neither a comma nor the end of the array at character {at}")
    except (ValueError, RecursionError) as error:  # a body that is not UTF-8 among them
        raise InvalidEvent("bad_body", f"the body is not a JSON array: {str(error)[:200]}") from None
    return elements


def _after_space(text: str, at: int) -> int:
    """Return where the white space of JSON that begins at a place ends."""
    while text[at : at + 1] in _SPACE:
        at += 1
    return at


def event_type_of(name: str | None) -> EventType:
    """Return the type of an item; raises `InvalidEvent` when it names none, or none that there is."""
    for event_type in EVENT_TYPES:
        if name == event_type:
            return event_type
    said = "eventType is missing" if name is None else f"eventType: {shown(name)}"
    raise InvalidEvent("unknown_event_type", f"{said}; it is one of {', '.join(EVENT_TYPES)}")


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Return what the sender is told of one item."""
    if isinstance(outcome, Event):
        return {"id": outcome.id}
    return {"reason": outcome.reason, "detail": outcome.detail}
