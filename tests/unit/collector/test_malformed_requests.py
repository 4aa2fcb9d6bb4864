"""A request that the HTTP parser cannot read is a refusal too, if it was meant as one."""

from __future__ import annotations

import pytest

from collector.malformed import MAX_HEAD_BYTES, malformed_request


@pytest.mark.parametrize(
    ("head", "target", "reason"),
    [
        (b"GET /visit?x=\x01 HTTP/1.1\r\nHost: h\r\n\r\n", b"/visit?x=\x01", "control_characters"),
        (b"GET /visit?x=\x7f HTTP/1.1\r\n", b"/visit?x=\x7f", "control_characters"),
        (b"GET /visit?x=caf\xc3\xa9 HTTP/1.1\r\n", b"/visit?x=caf\xc3\xa9", "bad_encoding"),
        (b"GET /visit?x=a b HTTP/1.1\r\n", b"/visit?x=a b", "bad_encoding"),
        (b"GET /visit?x=\xff", b"/visit?x=\xff", "bad_encoding"),
        (b"BREW /visit HTTP/1.1\r\n", b"/visit", "method_not_allowed"),
        (b"get /visit HTTP/1.1\r\n", b"/visit", "method_not_allowed"),
        (b"\r\nGET /visit?x=\x01 HTTP/1.1\r\n", b"/visit?x=\x01", "control_characters"),
        (b"GET /visit?x=1 HTTP/1.1\r\nUser-Agent: a\x01b\r\n\r\n", b"/visit?x=1", "control_characters"),
        (b"GET /visit?x=1 HTTP/1.1\r\nHost: \x00\r\n\r\n", b"/visit?x=1", "control_characters"),
        (b"GET /visit?x=1 HTTP/1.1\r\nX : a\r\n\r\n", b"/visit?x=1", "bad_encoding"),
        (b"GET /" + b"x" * MAX_HEAD_BYTES, b"/" + b"x" * MAX_HEAD_BYTES, "too_long"),
    ],
)  # fmt: skip
def test_a_request_that_is_not_read_has_a_reason(head: bytes, target: bytes, reason: str) -> None:
    """Method and target are kept as they came."""
    malformed = malformed_request(head)

    assert malformed is not None
    method, kept, fault = malformed
    assert (method, kept, fault.reason) == (head.partition(b" ")[0].strip().decode(), target, reason)


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        b"\r\n\r\n",
    ],
)
def test_what_has_no_request_line_is_no_refusal(head: bytes) -> None:
    """Another protocol at this port is not a pixel that somebody sent."""
    assert malformed_request(head) is None
