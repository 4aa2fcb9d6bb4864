"""Delivery: a message to people by e-mail, and to chats and webhooks.

    send(Message("Weekly report", "All is well."), read_recipients(["anna@example.com", "slack://..."]), settings)

`recipients` reads who gets it, `message` is what is sent, `mail` and `services` are the two ways, and `send` takes each
recipient the right one and says how it went.
"""

from __future__ import annotations

from pixels.delivery.message import Attachment, Message
from pixels.delivery.recipients import Recipient, read_recipients
from pixels.delivery.send import Receipt, send

__all__ = ["Attachment", "Message", "Receipt", "Recipient", "read_recipients", "send"]
