"""E-mail over SMTP, encrypted: a text part, the same as HTML with a picture inside, and attachments."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from hashlib import sha256
from urllib.parse import unquote, urlsplit

from pixels.delivery.message import Message
from pixels.errors import ConfigurationError

_PORTS = {"smtp": 587, "smtps": 465}
_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}
_TIMEOUT_S = 60.0
_HOW = "write smtp://user:password@host:587 (encrypted by STARTTLS) or smtps://user:password@host:465"


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and whom it is from."""

    host: str
    port: int
    sender: str
    is_encrypted_at_once: bool
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


def mail_server(smtp_url: str, sender: str) -> MailServer:
    """Read the settings PIXELS_SMTP_URL and PIXELS_MAIL_FROM. Raises ConfigurationError, without the password."""
    if not smtp_url:
        raise ConfigurationError(f"PIXELS_SMTP_URL is not set, so no mail can be sent: {_HOW}")
    try:
        url = urlsplit(smtp_url)
        port = url.port or _PORTS[url.scheme]
    except (KeyError, ValueError):
        raise ConfigurationError(f"PIXELS_SMTP_URL: {_HOW}") from None
    if not url.hostname:
        raise ConfigurationError(f"PIXELS_SMTP_URL names no host: {_HOW}")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    sender = sender or (user if "@" in user else f"pixels@{url.hostname}")
    return MailServer(url.hostname, port, sender, url.scheme == "smtps", user, password)


def send_mails(server: MailServer, message: Message, addresses: list[str]) -> list[str]:
    """Send a message to each address by itself, so that nobody sees the others; return what went wrong with each, "" if nothing.

    Mail leaves this machine encrypted, with a certificate that the system trusts, or not at all.
    """
    try:
        with _connected(server) as smtp:
            return [_handed_in(smtp, server, message, address) for address in addresses]
    except (OSError, smtplib.SMTPException) as error:
        return [f"{server.host}:{server.port}: {_said(error)}"] * len(addresses)


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if server.is_encrypted_at_once:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
    with connection as smtp:
        if not server.is_encrypted_at_once and server.host not in _THIS_MACHINE:
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp


def _handed_in(smtp: smtplib.SMTP, server: MailServer, message: Message, address: str) -> str:
    try:
        smtp.send_message(as_mail(message, server.sender, address))
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException as error:
        return _said(error)
    return ""


def as_mail(message: Message, sender: str, address: str) -> EmailMessage:
    """Return the message as a mail to one address."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())
    mail["From"], mail["To"] = sender, address
    mail["Date"], mail["Message-ID"] = formatdate(localtime=True), _message_id(message, sender, address)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
        if message.picture:
            body = mail.get_body(("html",))
            assert isinstance(body, EmailMessage)  # noqa: S101 - it was just added
            body.add_related(
                message.picture, "image", "png", cid="<picture>", disposition="inline", filename="summary.png"
            )
    for attachment in message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(attachment.path.read_bytes(), main, sub, filename=attachment.path.name)
    return mail


def _message_id(message: Message, sender: str, address: str) -> str:
    domain = sender.rpartition("@")[2]
    if not message.key:
        return make_msgid(domain=domain)
    return f"<{sha256(f'{message.key} {address}'.encode()).hexdigest()[:32]}@{domain}>"


def _said(error: Exception) -> str:
    """Return what a server or the system said, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"refused: {code} {_line(text)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_line(error.smtp_error)}"
    return _line(str(error)) or type(error).__name__


def _line(text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(character if character.isprintable() else " " for character in plain).split())[:300]
