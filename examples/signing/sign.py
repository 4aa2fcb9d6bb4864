#!/usr/bin/env python3
"""Sign requests to a Pixels collector, and send them. Python 3.8 or newer, nothing else; copy this file.

    PIXELS_KEY_ID=shop PIXELS_SECRET=... ./sign.py 'https://pixels.example.com/deposit?playerId=123&bannerTag=brandA'

From your own code:

    from sign import send
    send(url, key_id="shop", secret=secret)
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import Request, urlopen


class Refused(Exception):
    """The collector refused the request; sending it again does not help."""


def signature(url: str, body: bytes = b"", *, key_id: str, secret: str, now: float | None = None) -> str:
    """Return the value of the header X-Pixels-Signature for a request to this URL with this body, signed now.

    Signed are the time in whole seconds, the path, the query (its pairs sorted as bytes, so that their order does not
    matter) and the body as it is sent: after compression, if it is compressed.
    """
    parts = urlsplit(url)
    pairs = [pair.encode() for pair in parts.query.split("&") if pair and pair.split("=")[0] != "signature"]
    signed_at = str(int(time.time() if now is None else now)).encode()
    text = b"\n".join([signed_at, (parts.path or "/").encode(), b"&".join(sorted(pairs)), body])
    digits = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return f"k={key_id},t={signed_at.decode()},v1={digits}"


def signed_url(url: str, body: bytes = b"", *, key_id: str, secret: str, now: float | None = None) -> str:
    """Return the URL with its signature in the query, for where no header can be set."""
    parts = urlsplit(url)
    parameter = "signature=" + quote(signature(url, body, key_id=key_id, secret=secret, now=now), safe="")
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, parameter])), fragment=""))


def send(
    url: str,
    body: bytes | None = None,
    content_type: str = "application/json",
    *,
    key_id: str,
    secret: str,
    tries: int = 5,
) -> bytes:
    """Send a signed request until the collector has stored it, and return its answer; with a body it is a POST.

    Tries again on 503, 429 and a broken connection, with the same signature, by which the collector knows the event again if
    it was stored after all. Give events an `eventId`, and one that is signed anew and sent later is known as well.
    Raises `Refused` with the reason, or the last error when no try succeeded.
    """
    headers = {"X-Pixels-Signature": signature(url, body or b"", key_id=key_id, secret=secret)}
    if body is not None:
        headers["Content-Type"] = content_type
    for left in reversed(range(tries)):
        pause = 5
        try:
            with urlopen(Request(url, data=body, headers=headers), timeout=30) as answer:
                return bytes(answer.read())
        except HTTPError as answer:
            if answer.code not in (429, 503):
                raise Refused(answer.headers["X-Pixels-Rejected"] or f"status {answer.code}") from None
            if not left:
                raise
            pause = int(answer.headers["Retry-After"] or pause)
        except OSError:  # not reached, or gone before the answer: it may be stored
            if not left:
                raise
        time.sleep(pause)
    raise ValueError("tries must be 1 or more")


def read(file: str) -> bytes:
    """Return the bytes of a file; - is standard input."""
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def main() -> None:
    """Sign what the command line names, and send or print it."""
    parser = argparse.ArgumentParser(description="Sign a request to a Pixels collector and send it.")
    parser.add_argument("url", help="the URL, its query percent-encoded")
    parser.add_argument("--body", metavar="FILE", help="send this file by POST; - is standard input")
    parser.add_argument("--type", default="application/json", help="content type of the body (%(default)s)")
    parser.add_argument("--print", choices=["header", "url"], help="print the signature, and send nothing")
    options = parser.parse_args()
    try:
        key_id, secret = os.environ["PIXELS_KEY_ID"], os.environ["PIXELS_SECRET"]
    except KeyError as missing:
        parser.error(f"{missing.args[0]} is not set in the environment")
    body = read(options.body) if options.body else None
    if options.print == "header":
        print("X-Pixels-Signature: " + signature(options.url, body or b"", key_id=key_id, secret=secret))
    elif options.print == "url":
        print(signed_url(options.url, body or b"", key_id=key_id, secret=secret))
    else:
        try:
            answer = send(options.url, body, options.type, key_id=key_id, secret=secret)
        except (Refused, OSError) as error:
            sys.exit(f"not stored: {error}")
        print("stored" if answer.startswith(b"GIF") else answer.decode())


if __name__ == "__main__":
    main()
