"""What is sent: the same for every recipient, each way of sending takes of it what it can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    path: Path
    media_type: str


@dataclass(frozen=True)
class Message:
    """A message. `text` stands alone; `html` says the same, with the picture where it has cid:picture."""

    subject: str
    text: str
    html: str = ""
    picture: bytes = b""
    """PNG, shown inside the message."""
    attachments: tuple[Attachment, ...] = ()
    key: str = ""
    """What it is told apart by: a mail of the same key to the same address has the same Message-ID, so that readers show it once."""
    is_alarm: bool = False
    """Whether somebody has to do something: services show it as a warning."""
