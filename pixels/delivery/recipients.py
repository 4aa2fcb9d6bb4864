"""Who gets a message: an e-mail address, a webhook, or an address of a chat as Apprise writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from hashlib import sha256
from urllib.parse import urlsplit

from pixels.errors import BadParameter

_WEBHOOKS = {"https": "jsons", "http": "json"}
_HOW = "write an e-mail address, the https:// address of a webhook, or an Apprise address such as slack://..."


@dataclass(frozen=True)
class Recipient:
    """One of them. `label` may be shown anywhere: addresses of chats and webhooks are secrets."""

    address: str
    """An e-mail address, or what Apprise takes."""
    is_mail: bool
    label: str

    @property
    def key(self) -> str:
        """What a ledger knows it by: addresses of chats are secrets."""
        return sha256(self.address.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Recipient({self.label!r})"


def read_recipients(texts: Iterable[str]) -> list[Recipient]:
    """Read them, each once, in their order. Raises BadParameter for what nothing can be sent to; the text is not in it."""
    return list(dict.fromkeys(_read(text.strip(), place) for place, text in enumerate(texts, 1)))


def _read(text: str, place: int) -> Recipient:
    scheme = urlsplit(text).scheme if "://" in text else ""
    if not scheme:
        return _mail(text.removeprefix("mailto:"), place)
    address = text.replace(scheme, _WEBHOOKS[scheme], 1) if scheme in _WEBHOOKS else text
    if not _is_known(address):
        raise BadParameter(
            "recipient", f"number {place} ({scheme}://...) is not an address that can be sent to; {_HOW}"
        )
    host = urlsplit(text).hostname or ""
    return Recipient(
        address, is_mail=False, label=f"{scheme}://{host}/..." if scheme in _WEBHOOKS else f"{scheme}://..."
    )


def _mail(text: str, place: int) -> Recipient:
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        parsed = Address()
    if not parsed.username or not parsed.domain or not text.isascii():
        raise BadParameter("recipient", f"number {place} is no e-mail address; {_HOW}")
    return Recipient(text, is_mail=True, label=text)


def _is_known(address: str) -> bool:
    import apprise

    return apprise.Apprise.instantiate(address, suppress_exceptions=True) is not None
