"""A request as the collector looks at it: bytes as they came, who sent it, and what is known of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from falcon.asgi import Request

from collector.client_address import ClientAddresses
from collector.contract import Contract, EventType, Facts, InvalidEvent, Parameters, Sender
from collector.events import readable_user_agent
from collector.privacy import KeptAddresses, Wishes, hash_key
from collector.signing import SIGNATURE_HEADER, Signature, Signing
from pixels.config import Settings, WishRule, networks

MALFORMED = "pixels.malformed"
"""Key of the ASGI scope under which the HTTP protocol says why a request cannot be read; see http_protocol.py."""

_DEBUG = re.compile(rb"(?:^|&)debug=(?:1|true)(?:&|$)")
_MINIMAL = re.compile(rb"(?:^|&)response=204(?:&|$)")


class PixelRequest(Request):
    """A request whose query string stays bytes: Falcon's own parser forgives what a pixel must not, and fails on Latin-1."""

    context_type: ClassVar[type] = type(None)  # nothing is kept there, so nothing is made for it

    raw_body: bytes = b""
    """What was read of the body, as it came."""
    debug: bool = False
    minimal: bool = False
    """What the parameters ask of the answer; see `take_options`."""
    is_batch: bool = False

    clients: ClassVar[ClientAddresses] = ClientAddresses((), "x-forwarded-for")
    wishes: ClassVar[Wishes] = Wishes("ignore", "ignore")
    kept_addresses: ClassVar[KeptAddresses] = KeptAddresses("keep", b"")
    """What the settings say of senders; see `request_type`."""

    def __init__(self, scope: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.raw_query: bytes = scope["query_string"]
        scope["query_string"] = b""
        super().__init__(scope, *args, **kwargs)
        scope["query_string"] = self.raw_query

    def header(self, name: bytes) -> bytes | None:
        """Return a header by its name in lower case, several of the name joined by commas; None when there is none."""
        return self._asgi_headers.get(name)

    async def receive_body(self) -> tuple[bytes, bool]:
        """Return the next piece of the body, and whether more follows; raises `InvalidEvent` when it breaks off."""
        message, self._first_event = self._first_event or await self._receive(), None
        if broken_off := self.scope.get(MALFORMED):
            raise broken_off
        if message["type"] != "http.request":
            raise InvalidEvent("bad_body", "the sender hung up before the end of the body")
        return message.get("body", b""), message.get("more_body", False)

    def take_options(self, parameters: Parameters) -> None:
        """Take out of the parameters those that say how to answer: `debug` and `response`."""
        self.debug = parameters.pop("debug", "") in {"1", "true"}
        self.minimal = parameters.pop("response", "") == "204"

    def wants_explanation(self) -> bool:
        """Tell whether to answer in JSON; also of a request whose parameters could not be read."""
        return self.debug or _DEBUG.search(self.raw_query) is not None

    def wants_no_content(self) -> bool:
        """Tell whether to answer without a body; also of a request whose parameters could not be read."""
        if self.minimal or b"return=minimal" in (self.header(b"prefer") or b"").lower():
            return True
        return _MINIMAL.search(self.raw_query) is not None

    def peer(self) -> str | None:
        """Return the address of whoever made the connection; None when it has none."""
        client = self.scope.get("client")
        return client[0] if client else None

    def source_ip(self) -> str | None:
        """Return the address of whoever sent the request: the peer, or the client for whom trusted proxies speak."""
        clients = self.clients
        return clients.client(self.peer(), self.header(clients.header) if clients.trusted else None)

    def sender(self, contract: Contract) -> Sender:
        """Return what is kept of the sender's address, and the program it says it is."""
        return Sender(
            self.kept_addresses.of(self.source_ip()), readable_user_agent(self.header(b"user-agent"), contract)
        )

    def wish(self) -> WishRule:
        """Return what the settings make of a visitor's wish not to be tracked."""
        wishes = self.wishes
        return wishes.rule(self.header(b"dnt"), self.header(b"sec-gpc")) if wishes.are_read else "ignore"

    def signature(self, in_url: str | None, signing: Signing, now: datetime) -> Signature | None:
        """Return who signed the request, its body as it came included; raises `InvalidEvent` when nobody did who says so.

        In:  the signature among the parameters of the URL, if there is one.
        """
        header = self.header(SIGNATURE_HEADER)
        if header is None and in_url is None:  # nearly all
            return None
        return signing.verified(header, in_url, path=self.path, query=self.raw_query, body=self.raw_body, now=now)

    def facts(
        self, event_type: EventType, received_at: datetime, contract: Contract, signature: Signature | None = None
    ) -> Facts:
        """Return what is known of the event besides its parameters."""
        key_id, digits = signature or (None, None)
        return Facts(
            event_type=event_type,
            sender=self.sender(contract),
            received_at=received_at,
            key_id=key_id,
            signature=digits,
            wish=self.wish(),
        )

    def request_line(self) -> bytes:
        """Return method, path and query as they came."""
        path: bytes = self.scope.get("raw_path") or self.path.encode()
        return b" ".join((self.method.encode(), b"?".join((path, self.raw_query)) if self.raw_query else path))

    def refused_payload(self, body: bytes) -> bytes:
        """Return what is kept of a refused request, or of an item of it: its line, then an empty line and the body.

        Of a visitor who wishes not to be tracked it is the line without the query.
        """
        line = self.request_line()
        if self.wish() != "ignore":
            return line.partition(b"?")[0]
        return b"\n\n".join((line, body)) if body else line

    def kept_reason(self, refused: InvalidEvent) -> InvalidEvent:
        """Return what is kept of why; of a visitor who wishes not to be tracked no detail, since it may quote what he sent."""
        return refused if self.wish() == "ignore" else InvalidEvent(refused.reason, "")

    def refused_sender(self, contract: Contract) -> Sender:
        """Return who sent a refused request; nobody, where a visitor wishes not to be tracked."""
        return self.sender(contract) if self.wish() == "ignore" else Sender(None, None)


def request_type(settings: Settings) -> type[PixelRequest]:
    """Return the class of requests that find and keep senders as the settings say."""

    class ConfiguredRequest(PixelRequest):
        clients = ClientAddresses(networks(settings.trusted_proxies), settings.proxy_header)
        wishes = Wishes(settings.dnt, settings.sec_gpc)
        kept_addresses = KeptAddresses(settings.source_ip, hash_key(settings))

    return ConfiguredRequest
