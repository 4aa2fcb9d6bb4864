"""A message as a mail."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from pixels.delivery import Attachment, Message
from pixels.delivery.mail import MailServer, as_mail, mail_server
from pixels.errors import ConfigurationError


def parsed(mail: EmailMessage) -> EmailMessage:
    """Return the mail as whoever receives it reads it."""
    received = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    return received


def test_a_mail_has_text_html_with_its_picture_and_attachments(tmp_path: Path) -> None:
    """Each reader shows what it can."""
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(b"%PDF-1.7")
    message = Message(
        "Weekly report: “brandÄ”",
        "All is well.",
        '<img src="cid:picture">',
        b"\x89PNG",
        (Attachment(pdf, "application/pdf"),),
    )

    mail = parsed(as_mail(message, "pixels@example.com", "anna@example.com"))

    assert mail["Subject"] == "Weekly report: “brandÄ”"
    assert (mail["To"], mail["Auto-Submitted"]) == ("anna@example.com", "auto-generated")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == "All is well.\n"
    assert "cid:picture" in html.get_content()
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<picture>", "inline")
    assert [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()] == [
        ("report.pdf", b"%PDF-1.7")
    ]


def test_a_subject_with_line_ends_adds_no_header() -> None:
    """Names of banners come from strangers."""
    mail = parsed(as_mail(Message("a\r\nBcc: eve@example.com", "x"), "pixels@example.com", "anna@example.com"))

    assert mail["Bcc"] is None
    assert mail["Subject"] == "a Bcc: eve@example.com"


@pytest.mark.parametrize(
    ("url", "sender", "read"),
    [
        ("smtp://mail.example", "", MailServer("mail.example", 587, "pixels@mail.example", False)),
        ("smtps://a%40b.example:p%3Aw@mail.example", "", MailServer("mail.example", 465, "a@b.example", True, "a@b.example", "p:w")),
        ("smtps://anna:pw@mail.example:1465", "me@x.example", MailServer("mail.example", 1465, "me@x.example", True, "anna", "pw")),
    ],
)  # fmt: skip
def test_the_server_is_read_from_its_address(url: str, sender: str, read: MailServer) -> None:
    """With the usual ports, and whoever signs in as the sender."""
    assert mail_server(url, sender) == read


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://u:s3cret@mail.example:port"]
)
def test_an_address_of_no_server_says_how_to_write_one(url: str) -> None:
    """The password is in no message."""
    with pytest.raises(ConfigurationError, match="PIXELS_SMTP_URL") as refused:
        mail_server(url, "")
    assert "s3cret" not in str(refused.value)
