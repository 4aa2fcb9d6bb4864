"""Chats and webhooks, through Apprise: https://host/hook gets JSON, and what Apprise knows gets what suits it."""

from __future__ import annotations

import logging

from pixels.delivery.message import Message


def notify(message: Message, address: str) -> str:
    """Send a message to one address of Apprise; return what went wrong, "" if nothing. The address is in no word of it."""
    import apprise

    service = apprise.Apprise()
    service.add(address)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
        went = service.notify(
            title=message.subject,
            body=message.text,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if message.is_alarm else apprise.NotifyType.INFO,
            attach=[str(attachment.path) for attachment in message.attachments] or None,
        )
        said = log.getvalue()
    return "" if went else _without(address, said)


def _without(address: str, said: str) -> str:
    """Return the first line that was logged, unless it quotes what is secret."""
    line = next((line.strip() for line in said.splitlines() if line.strip()), "")
    secrets = [part for part in address.replace("://", "/").replace("@", "/").replace(":", "/").split("/")[2:] if part]
    if not line or any(part in line for part in secrets):
        return "it did not take the message"
    return line[:300]
