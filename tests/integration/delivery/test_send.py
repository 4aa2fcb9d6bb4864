"""Messages go to a real mail server, encrypted, and to a real webhook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixels.config import load_settings
from pixels.delivery import Message, Receipt, read_recipients, send
from tests.integration.delivery.conftest import HOST, Hook, StartMail
from tests.waiting import free_port

MESSAGE = Message("Weekly report", "All is well.")


@pytest.fixture(autouse=True)
def _trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, pixels_home: Path) -> None:
    """The certificate is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def sent(to: list[str], **settings: Any) -> list[Receipt]:
    return send(MESSAGE, read_recipients(to), load_settings(**settings))


@pytest.mark.parametrize(("encryption", "scheme"), [("starttls", "smtp"), ("at once", "smtps")])
def test_mail_is_handed_in_encrypted_to_each_alone(start_mail: StartMail, encryption: str, scheme: str) -> None:
    """With name and password; nobody sees the others."""
    box = start_mail(encryption, user=("me", "p:w"))

    receipts = sent(
        ["anna@example.com", "ben@example.com"],
        smtp_url=f"{scheme}://me:p%3Aw@{HOST}:{box.port}", mail_from="pixels@example.com",
    )  # fmt: skip

    assert [receipt.error for receipt in receipts] == ["", ""]
    assert [mail["To"] for mail in box.received] == ["anna@example.com", "ben@example.com"]
    assert {mail["From"] for mail in box.received} == {"pixels@example.com"}
    assert box.encrypted == [True, True]


def test_mail_does_not_leave_this_machine_unencrypted(start_mail: StartMail) -> None:
    """A server without STARTTLS gets nothing."""
    box = start_mail("none")

    (receipt,) = sent(["anna@example.com"], smtp_url=f"smtp://{HOST}:{box.port}")

    assert "STARTTLS" in receipt.error
    assert box.received == []


def test_a_certificate_that_nobody_trusts_is_no_encryption(
    start_mail: StartMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else could be at the other end."""
    monkeypatch.delenv("SSL_CERT_FILE")
    box = start_mail("starttls")

    (receipt,) = sent(["anna@example.com"], smtp_url=f"smtp://{HOST}:{box.port}")

    assert "certificate verify failed" in receipt.error
    assert box.received == []


def test_one_who_is_refused_stops_nobody_else(start_mail: StartMail, hook: Hook) -> None:
    """Each has a receipt of their own, in their order."""
    box = start_mail()

    receipts = sent(
        ["no@refused.example", f"http://127.0.0.1:{hook.port}/T0KEN", "anna@example.com"],
        smtp_url=f"smtp://{HOST}:{box.port}",
    )

    assert [receipt.error for receipt in receipts] == ["refused: 550 5.1.1 nobody of that name", "", ""]
    assert [mail["To"] for mail in box.received] == ["anna@example.com"]
    assert (hook.received[0]["title"], hook.received[0]["message"]) == ("Weekly report", "All is well.")


def test_a_wrong_password_a_closed_port_and_no_server_are_told(start_mail: StartMail) -> None:
    """In a line, without the password."""
    box = start_mail(user=("me", "right"))

    (wrong,) = sent(["anna@example.com"], smtp_url=f"smtp://me:wr0ng@{HOST}:{box.port}")
    (closed,) = sent(["anna@example.com"], smtp_url=f"smtp://{HOST}:{free_port()}")
    (none,) = sent(["anna@example.com"])

    assert wrong.error.startswith(f"{HOST}:{box.port}: 535")
    assert "Connection refused" in closed.error
    assert "PIXELS_SMTP_URL is not set" in none.error
    assert "wr0ng" not in wrong.error


def test_a_webhook_that_refuses_is_told_without_its_address(hook: Hook, capfd: pytest.CaptureFixture[str]) -> None:
    """The address is a secret, in the error as in what is printed."""
    hook.answer = 500

    (receipt,) = sent([f"http://127.0.0.1:{hook.port}/T0KEN"])

    assert receipt.error
    assert "T0KEN" not in receipt.error + "".join(capfd.readouterr())
    assert "T0KEN" not in repr(receipt)
