"""A mail server with a certificate, and a webhook, on this machine."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.waiting import free_port

HOST = "127.0.0.2"  # not what Pixels takes for this very machine, so that it has to encrypt


@dataclass
class MailBox:
    """What a server took, and from whom; it refuses mail to anybody at refused.example."""

    received: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - so it is called
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse some."""
        if address.endswith("@refused.example"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - so it is called
        """Keep it."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail",
         "-addext", f"subjectAltName=IP:{HOST}", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


StartMail = Callable[..., MailBox]


@pytest.fixture
def start_mail(certificate: tuple[Path, Path]) -> Iterator[StartMail]:
    """Start a mail server: `encryption` "starttls", "at once" or "none"; with a user it takes mail from that one alone."""
    running: list[Controller] = []

    def start(encryption: str = "starttls", user: tuple[str, str] | None = None) -> MailBox:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)

        def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            return AuthResult(success=(data.login.decode(), data.password.decode()) == user, handled=False)

        box = MailBox()
        smtp: dict[str, Any] = {
            "authenticator": check,
            "auth_required": user is not None,
            "auth_require_tls": encryption == "starttls",
        }
        if encryption == "starttls":
            smtp |= {"tls_context": context, "require_starttls": True}
        controller = Controller(
            box, hostname=HOST, port=free_port(), ssl_context=context if encryption == "at once" else None, **smtp
        )
        running.append(controller)
        controller.start()
        box.port = controller.port
        return box

    yield start
    for controller in running:
        controller.stop()


@dataclass
class Hook:
    """What a webhook got."""

    port: int
    received: list[dict[str, Any]] = field(default_factory=list)
    answer: int = 200


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that takes JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(taken.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken = Hook(server.server_port)
        Thread(target=server.serve_forever, daemon=True).start()
        yield taken
        server.shutdown()
