"""A refused request, judged again by what was kept of it: for `pixels rejected requeue`, which is handed this.

What was kept is the request line and the body, not the headers. So nobody can know any more whether a crawler asked
(which matters for visits alone), or who signed in a header: such a request stays refused, and this says why.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from collector.batch import event_type_of
from collector.contract import Event, Facts, InvalidEvent, Parameters, Sender, read_contract
from collector.events import EventPipeline, to_json
from collector.parameters import OPTIONS, merged, read_form, read_json, read_query
from collector.signing import SIGNATURE_PARAMETER
from pixels.config import Settings

_BATCH = b"events"
_VISIT = "a visit, of which nobody knows any more whether a crawler made it"
_REQUEST = re.compile(rb"(GET|POST) /([a-z]+)(?:\?([!-~]*))?(?:\n\n(.*))?", re.DOTALL)
_SIGNED_IN_A_HEADER = "its signature was in a header, which is not kept"


class RefusedRequests:
    """Judges requests by the settings and the contract of now, and by the clock of then."""

    def __init__(self, settings: Settings) -> None:
        self._pipeline = EventPipeline(settings, read_contract())

    def judge(self, reason: str, payload: bytes, received_at: datetime, new_id: str) -> bytes | str:
        """Return the JSON of the event that a request is, with the id it would have had or else `new_id`; or why it is none.

        In:  why it was refused, what was kept of it, and when it was received.
        """
        request = _REQUEST.fullmatch(payload)
        if request is None:
            return "no request that could be an event"
        method, path, query, body = request.groups(b"")
        try:
            parameters = read_query(query)
            signature = parameters.pop(SIGNATURE_PARAMETER, None)
            if signature is None and reason in {"bad_signature", "signature_expired"}:
                return _SIGNED_IN_A_HEADER
            if body and method == b"POST":
                parameters = merged(parameters, _in_body(body))
            event_type = event_type_of(parameters.pop("eventType", None) if path == _BATCH else path.decode())
            facts = Facts(event_type=event_type, sender=Sender(None, None), received_at=received_at)
            if signature is not None:
                facts = self._signed(facts, signature, query, body)
            event = self._event(parameters, facts, new_id)
        except InvalidEvent as refused:
            return refused.reason
        return _VISIT if event_type == "visit" else to_json(event)

    def _signed(self, facts: Facts, signature: str, query: bytes, body: bytes) -> Facts:
        """Return the facts with who signed in the URL, where that is asked for at all."""
        signing = self._pipeline.signing
        if not signing.is_read(facts.event_type):
            return facts
        path, now = f"/{facts.event_type}", facts.received_at
        key_id, digits = signing.verified(None, signature, path=path, query=query, body=body, now=now)
        return msgspec.structs.replace(facts, key_id=key_id, signature=digits)

    def _event(self, parameters: Parameters, facts: Facts, new_id: str) -> Event:
        for option in OPTIONS:
            parameters.pop(option, None)
        event = self._pipeline.event(parameters, facts)
        has_its_own_id = "eventId" in parameters or facts.signature is not None
        return event if has_its_own_id else msgspec.structs.replace(event, id=new_id)


def _in_body(body: bytes) -> Parameters:
    return read_json(body) if body.lstrip().startswith(b"{") else read_form(body)
