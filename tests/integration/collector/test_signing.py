"""The signers in examples/signing, as senders run them, against a running collector."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, ClassVar

import pytest

from tests.integration.collector.running import RunningCollector, running_collector

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "signing"
PYTHON = [sys.executable, str(EXAMPLES / "sign.py")]
SHELL = ["sh", str(EXAMPLES / "sign.sh")]
OLD, NEW, WRONG = "the old secret of the shop", "the new secret of the shöp $'\"", "the secret of somebody else"


def load_signer() -> ModuleType:
    """Import examples/signing/sign.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("sign", EXAMPLES / "sign.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector in the middle of a change of keys, which takes deposits only when they are signed."""
    with running_collector(
        tmp_path_factory.mktemp("home"),
        PIXELS_SIGNING_KEYS=json.dumps({"shop": OLD, "shop-2": NEW}),
        PIXELS_SIGNATURE_DEPOSIT="require",
    ) as running:
        yield running


def run(
    program: list[str], *arguments: str, key: tuple[str, str] = ("shop", OLD), body: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run one of the signers with its key in the environment."""
    environment = {**os.environ, "PIXELS_KEY_ID": key[0], "PIXELS_SECRET": key[1]}
    return subprocess.run([*program, *arguments], env=environment, input=body, capture_output=True, timeout=60)


def deposits(collector: RunningCollector, banner: str) -> list[dict[str, Any]]:
    return [event for event in collector.events() if event["banner_tag"] == banner]


QUERIES = [
    "bannerTag={banner}&playerId=1",
    "playerId=J%C3%BCrgen&bannerTag={banner}&note=a+b%2Bc&amount=25.00&currency=EUR&txid=t-1",
    "b=2&&playerId=1&a=%20&bannerTag={banner}&Z=&empty&",
    "playerId=1&bannerTag={banner}&x=[1]&y={{a}}&z=*#fragment",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
@pytest.mark.parametrize("key", [("shop", OLD), ("shop-2", NEW)], ids=["old key", "new key"])
def test_both_signers_are_understood(
    collector: RunningCollector, request: pytest.FixtureRequest, program: list[str], key: tuple[str, str], query: str
) -> None:
    """Whatever the order and encoding of the query, with the old key and the new one."""
    banner = re.sub(r"\W", "", request.node.name)

    sent = run(program, f"{collector.url}/deposit?{query.format(banner=banner)}", key=key)

    assert sent.returncode == 0, sent.stderr.decode()
    assert [event["metadata"]["_key"] for event in deposits(collector, banner)] == [key[0]]


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
def test_both_signers_sign_a_body(
    collector: RunningCollector, request: pytest.FixtureRequest, tmp_path: Path, program: list[str]
) -> None:
    """A batch of lines, and one deposit as JSON whose banner stands in the URL; line ends and all."""
    banner = re.sub(r"\W", "", request.node.name)
    lines, single = tmp_path / "events.ndjson", tmp_path / "event.json"
    event = {"eventType": "deposit", "bannerTag": banner, "note": "Grüße\n"}
    lines.write_text("".join(json.dumps({**event, "playerId": player}) + "\r\n" for player in "abc"), "utf-8")
    single.write_text('{"playerId": "d"}\n', "utf-8")

    for url, file, kind in (
        (f"{collector.url}/events", lines, "application/x-ndjson"),
        (f"{collector.url}/deposit?bannerTag={banner}", single, "application/json"),
    ):
        if program is PYTHON:
            sent = run(program, "--body", "-", "--type", kind, url, body=file.read_bytes())
        else:
            sent = run(program, url, str(file), kind)
        assert sent.returncode == 0, sent.stderr.decode()

    stored = {event["player_id"]: event["metadata"] for event in deposits(collector, banner)}
    assert sorted(stored) == ["a", "b", "c", "d"]
    assert all(metadata["_key"] == "shop" for metadata in stored.values())


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
@pytest.mark.parametrize("key", [("shop", NEW), ("nobody", WRONG)])
def test_a_wrong_key_is_told(collector: RunningCollector, program: list[str], key: tuple[str, str]) -> None:
    """The program fails and says why; nothing is stored."""
    sent = run(program, f"{collector.url}/deposit?playerId=1&bannerTag=wrong", key=key)

    assert sent.returncode != 0
    assert b"bad_signature" in sent.stdout + sent.stderr
    assert deposits(collector, "wrong") == []


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
def test_without_a_key_nothing_is_sent(program: list[str]) -> None:
    """A forgotten variable is named instead of an unsigned event being sent."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}

    ended = subprocess.run([*program, "http://127.0.0.1:9/deposit"], env=bare, capture_output=True, timeout=60)

    assert ended.returncode != 0
    assert b"PIXELS_KEY_ID" in ended.stderr


def test_a_signature_can_be_printed_for_others_to_send(collector: RunningCollector) -> None:
    """As a header or as a URL; both sent, and sent again, are what they were signed for, and nothing else."""
    target = "/deposit?playerId=1&bannerTag=printed"
    name, _, value = run(PYTHON, "--print", "header", collector.url + target).stdout.decode().strip().partition(": ")
    url = run(PYTHON, "--print", "url", collector.url + target).stdout.decode().strip()

    assert collector.ask(target, headers={name: value}).status == 200
    assert collector.ask(target, "POST", headers={name: value}).status == 200
    assert collector.ask(url.removeprefix(collector.url)).status == 200
    assert collector.ask(target + "0", headers={name: value}).reason == "bad_signature"
    assert collector.ask(url.removeprefix(collector.url) + "0").reason == "bad_signature"
    stored = deposits(collector, "printed")
    assert len(stored) == 3
    assert all(event["metadata"] == {"_key": "shop"} for event in stored)
    assert stored[0]["id"] == stored[1]["id"]


def test_an_unsigned_deposit_is_refused_and_a_visit_is_not(collector: RunningCollector) -> None:
    """The rule is one of its type alone."""
    refused = collector.ask("/deposit?playerId=1&bannerTag=unsigned")

    assert (refused.status, refused.reason) == (403, "signature_required")
    assert collector.ask("/visit?playerId=1&bannerTag=unsigned").status == 200


def test_an_expired_signature_is_refused(collector: RunningCollector) -> None:
    """By the collector's own clock this time."""
    signer = load_signer()
    target = "/deposit?playerId=1&bannerTag=expired"
    long_ago = signer.signature(collector.url + target, key_id="shop", secret=OLD, now=time.time() - 310)
    just_now = signer.signature(collector.url + target, key_id="shop", secret=OLD, now=time.time() - 280)

    assert collector.ask(target, headers={"X-Pixels-Signature": long_ago}).reason == "signature_expired"
    assert collector.ask(target, headers={"X-Pixels-Signature": just_now}).status == 200


def test_the_function_sends_until_it_is_stored_or_says_why_not(collector: RunningCollector) -> None:
    """`from sign import send`, as the README shows it."""
    signer = load_signer()
    url = f"{collector.url}/deposit?playerId=1&bannerTag=function&eventId=d-1"

    signer.send(url, key_id="shop", secret=OLD)
    signer.send(url, key_id="shop-2", secret=NEW)

    assert len({event["id"] for event in deposits(collector, "function")}) == 1
    with pytest.raises(signer.Refused, match="bad_signature"):
        signer.send(url, key_id="shop", secret=WRONG)


class UnavailableTwice(BaseHTTPRequestHandler):
    """Answers 503, then 429, then 200; remembers who asked."""

    signatures: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        statuses = [503, 429, 200]
        status = statuses[len(self.signatures)]
        self.signatures.append(self.headers["X-Pixels-Signature"])
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
def test_what_is_not_stored_is_sent_again_as_it_was_signed(program: list[str], tmp_path: Path) -> None:
    """Were it signed anew, what a broken answer hid would be stored a second time."""
    UnavailableTwice.signatures.clear()
    body = tmp_path / "body"
    body.write_bytes(b"{}")
    with HTTPServer(("127.0.0.1", 0), UnavailableTwice) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/deposit"
        sent = run(program, *(["--body", str(body), url] if program is PYTHON else [url, str(body)]))
        server.shutdown()

    assert sent.returncode == 0, sent.stderr.decode()
    assert len(UnavailableTwice.signatures) == 3
    assert len(set(UnavailableTwice.signatures)) == 1


def test_the_example_in_the_manual_is_right() -> None:
    """Who writes a signer in another language checks it against these digits."""
    manual = (ROOT / "docs" / "pixel.md").read_text("utf-8").partition("## Signing")[2]
    (signed_at, digits) = re.findall(r"X-Pixels-Signature: k=shop,t=(\d+),v1=(\w+)", manual)[0]
    (target,) = re.findall(r"^    GET (/deposit\S+)$", manual, re.MULTILINE)
    (command,) = re.findall(r"```sh\n(.*?)```", manual, re.DOTALL)

    by_python = load_signer().signature(
        f"https://pixels.example.com{target}", key_id="shop", secret="not a secret, an example", now=int(signed_at)
    )
    by_openssl = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout.decode().split()[-1]

    assert (by_python, by_openssl) == (f"k=shop,t={signed_at},v1={digits}", digits)


def test_no_secret_is_in_what_the_collector_leaves_behind(collector: RunningCollector) -> None:
    """Neither in its log lines nor in the events and refusals, after all the above."""
    kept = collector.errors.read_text() + json.dumps([collector.events(), collector.refusals()])

    assert not any(secret in kept for secret in (OLD, NEW, WRONG))
    assert collector.refusals()


def test_a_collector_that_requires_what_nobody_can_give_does_not_start(tmp_path: Path) -> None:
    """It says so at once, with the exit code of a wrong setting."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}

    ended = subprocess.run(
        [Path(sys.executable).with_name("pixels"), "collect", "--port", "0"],
        env={**environment, "PIXELS_HOME": str(tmp_path), "PIXELS_SIGNATURE_DEPOSIT": "require"},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )

    assert (ended.returncode, b"PIXELS_SIGNING_KEYS" in ended.stderr) == (78, True)
    assert b"Traceback" not in ended.stderr
