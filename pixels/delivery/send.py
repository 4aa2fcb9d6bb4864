"""Send a message to all its recipients, and say how it went with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pixels.config import Settings
from pixels.delivery.mail import mail_server, send_mails
from pixels.delivery.message import Message
from pixels.delivery.recipients import Recipient
from pixels.delivery.services import notify
from pixels.errors import ConfigurationError


@dataclass(frozen=True)
class Receipt:
    """How it went with one recipient."""

    recipient: Recipient
    error: str = ""
    """In one line; empty: it was handed over."""

    def as_text(self) -> str:
        """Say it; no address that is a secret is in it."""
        label = self.recipient.label
        return f"not sent to {label}: {self.error}" if self.error else f"sent to {label}"


def send(message: Message, recipients: Sequence[Recipient], settings: Settings) -> list[Receipt]:
    """Send a message to each recipient, in their order. One that fails stops no other, and nothing is raised."""
    mailed = _mail(message, [recipient.address for recipient in recipients if recipient.is_mail], settings)
    return [
        Receipt(recipient, mailed[recipient.address] if recipient.is_mail else notify(message, recipient.address))
        for recipient in recipients
    ]


def _mail(message: Message, addresses: list[str], settings: Settings) -> dict[str, str]:
    if not addresses:
        return {}
    try:
        server = mail_server(settings.smtp_url.get_secret_value(), settings.mail_from)
    except ConfigurationError as error:
        return dict.fromkeys(addresses, str(error))
    return dict(zip(addresses, send_mails(server, message, addresses), strict=True))
