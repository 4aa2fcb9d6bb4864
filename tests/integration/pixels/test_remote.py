"""`pixels.open("http://...")`: a real API, a real cache."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.remote import RemoteError
from tests.integration.metrics_api.test_serve import running_api
from tests.sample_warehouse import SampleWarehouse, at, visit
from tests.waiting import free_port

DAYS = ("2026-11-01", "2026-11-30")
SECRET = "an-analysts-key-0123456789"
KEYS = json.dumps(
    {"ann": {"secret": SECRET, "scope": "analyst"}, "bi": {"secret": "a-figures-key-0123456789", "scope": "figures"}}
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home with one published visit."""
    sample = SampleWarehouse(tmp_path / "sample", "Europe/Berlin")
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))
    return sample


@pytest.fixture
def address(sample: SampleWarehouse) -> Iterator[str]:
    """An API of that home that asks for a key."""
    with running_api(sample.home, PIXELS_API_KEYS=KEYS) as (_, port):
        yield f"http://127.0.0.1:{port}"


def files(cache: Path) -> list[tuple[str, int]]:
    """Return every file of the cache with its inode, which changes when it is fetched again."""
    return sorted((path.name, path.stat().st_ino) for path in cache.rglob("*") if path.is_file())


def said(wh: Warehouse) -> tuple[object, ...]:
    """Return what a warehouse says of itself, and a figure."""
    return (wh.snapshot, wh.as_of, wh.complete_until, wh.last_pass_at, wh.time_zone, wh.metrics(*DAYS).rows())


def test_it_is_the_same_warehouse(address: str, sample: SampleWarehouse) -> None:
    """Figures and what is said of them are those of the home; the key may come from the environment."""
    with pixels.open(address, api_key=SECRET) as theirs, pixels.open(sample.home) as ours:
        assert said(theirs) == said(ours)
        assert theirs.fresh()


def test_the_key_may_come_from_the_environment(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PIXELS_API_KEY stands for `api_key`; an address may end with a slash."""
    monkeypatch.setenv("PIXELS_API_KEY", SECRET)

    with pixels.open(f"{address}/") as wh:
        assert wh.snapshot == 1


def test_a_snapshot_is_fetched_once(address: str, sample: SampleWarehouse, cache: Path) -> None:
    """Opened again, it is the file that is there; a newer one takes its place, and who reads the old one reads on."""
    with pixels.open(address, api_key=SECRET) as first:
        fetched = files(cache)
        with pixels.open(address, api_key=SECRET):
            assert files(cache) == fetched
        assert first.reload() is first

        sample.publish(visit("p2", "brandA", "2026-11-02T10:00"))
        assert not first.fresh()
        with first.reload() as second:
            assert (first.snapshot, second.snapshot) == (1, 2)
            assert (first.metrics(*DAYS).height, second.metrics(*DAYS).height) == (1, 2)

    assert len([name for name, _ in files(cache) if name.endswith(".duckdb")]) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in cache.iterdir())


def test_threads_that_fetch_at_the_same_time_do_not_write_into_one_file(
    address: str, sample: SampleWarehouse, cache: Path
) -> None:
    """Each has the whole snapshot, and nothing half is left behind."""
    sample.publish(*(visit(f"p{number}", f"brand{number}", "2026-11-02T10:00") for number in range(300)))

    def ask(_: int) -> int:
        with pixels.open(address, api_key=SECRET) as wh:
            return wh.summary(*DAYS).height

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(24))) == {301}
    assert sorted(path.suffix for path in cache.rglob("*.*") if path.is_file()) == [".duckdb", ".json"]


def test_a_pass_without_new_events_moves_only_what_is_said(address: str, sample: SampleWarehouse, cache: Path) -> None:
    """Nothing is fetched again, and the warehouse is complete until later."""
    pixels.open(address, api_key=SECRET).close()
    fetched = files(cache)
    sample.point_at("snapshot-000001.duckdb", complete_until=at("2026-11-05T00:00"), as_of="2026-11-02T00:00:00.000Z")

    with pixels.open(address, api_key=SECRET) as wh:
        assert wh.complete_until == at("2026-11-05T00:00")
    assert files(cache) == fetched


def test_a_damaged_cache_is_fetched_again(address: str, cache: Path) -> None:
    """Whatever lies there: half a file, a note that says nothing, a note of a file that is gone."""
    pixels.open(address, api_key=SECRET).close()
    (note,) = cache.rglob("cached.json")
    (file,) = cache.rglob("*.duckdb")

    for damage in (lambda: file.write_bytes(b"half"), lambda: note.write_text("{"), file.unlink):
        damage()
        with pixels.open(address, api_key=SECRET) as wh:
            assert wh.metrics(*DAYS).height == 1


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "Send a key of this API.*PIXELS_API_KEY"),
        ("wrong-0123456789", "Send a key of this API.*PIXELS_API_KEY"),
        ("a-figures-key-0123456789", "needs one of the scope analyst"),
    ],
)
def test_a_key_that_does_not_open_it_is_explained(address: str, key: str, told: str, cache: Path) -> None:
    """With what to do; nothing is cached, and no message shows the key."""
    with pytest.raises(RemoteError, match=told) as refused:
        pixels.open(address, api_key=key)

    assert not key or key not in str(refused.value)
    assert not cache.exists()


def test_nothing_published_is_told_as_the_api_tells_it(address: str, sample: SampleWarehouse) -> None:
    """What is missing is missing there."""
    (sample.published / "current.json").unlink()

    with pytest.raises(RemoteError, match=r"nothing has been published under .*pixels aggregate"):
        pixels.open(address, api_key=SECRET)


def test_an_api_that_is_not_there_is_explained() -> None:
    """The address, and what to look at."""
    with pytest.raises(RemoteError, match=r"cannot be read: .*Is the API running"):
        pixels.open(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "https://?x",
        "http://h:port",
        "http://me:pass@127.0.0.1",
        "http://127.0.0.1/?a=1",
        "http://[::1",
        "https://h#x",
        "http://..",
        f"http://{'a' * 64}.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Before anything is asked, and no password is repeated."""
    with pytest.raises(BadParameter, match="path") as refused:
        pixels.open(address)
    assert "pass" not in str(refused.value)


def test_what_contradicts_itself_is_refused(sample: SampleWarehouse) -> None:
    """A key for a folder, a number of an API, a key that would go over the net in clear, a key that is no text of a header."""
    with pytest.raises(BadParameter, match="api_key"):
        pixels.open(sample.home, api_key=SECRET)
    with pytest.raises(BadParameter, match="snapshot"):
        pixels.open("http://127.0.0.1:1", snapshot=1)
    with pytest.raises(BadParameter, match="use https"):
        pixels.open("http://stats.example:8788", api_key=SECRET)
    for key in ("a\nb", 5, b"bytes"):
        with pytest.raises(BadParameter, match="api_key"):
            pixels.open("http://127.0.0.1:1", api_key=key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000,
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_another_server_is_no_warehouse(answer: bytes) -> None:
    """Whatever it says, the error is one of ours."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=answer_once, args=(server, answer))
        thread.start()
        with pytest.raises(RemoteError):
            pixels.open(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()


def answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)


@contextmanager
def serving(pointer: bytes, file: bytes, *, missing: int = 0) -> Iterator[str]:
    """Serve what is given, whatever is asked for; `missing` bytes of the file never come. Yield the address."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wants_file = "duckdb" in self.headers["Accept"]
            content = file if wants_file else pointer
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(content) + missing * wants_file))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_half_a_snapshot_is_not_kept(sample: SampleWarehouse, cache: Path) -> None:
    """A connection that breaks off leaves nothing that could be taken for the snapshot."""
    pointer = (sample.published / "current.json").read_bytes()
    half = next(sample.published.glob("*.duckdb")).read_bytes()[:50_000]

    with serving(pointer, half, missing=100_000) as address, pytest.raises(RemoteError, match="cannot be read"):
        pixels.open(address)

    assert files(cache) == []


def test_a_file_that_is_no_snapshot_is_explained(sample: SampleWarehouse, cache: Path) -> None:
    """However often it is fetched; and it does not stay."""
    pointer = (sample.published / "current.json").read_bytes()

    with serving(pointer, b"no snapshot") as address, pytest.raises(RemoteError, match="is damaged, or is no snapshot"):
        pixels.open(address)

    assert not list(cache.rglob("*.duckdb"))


def test_an_api_that_has_moved_on_meanwhile_gives_what_it_gave(sample: SampleWarehouse) -> None:
    """Where a snapshot is published every few seconds, the file can always be older than what is told of the newest."""
    first = next(sample.published.glob("*.duckdb")).read_bytes()
    sample.publish(visit("p2", "brandA", "2026-11-02T10:00"))

    with serving((sample.published / "current.json").read_bytes(), first) as address, pixels.open(address) as wh:
        assert (wh.snapshot, wh.complete_until, wh.fresh()) == (1, at("2026-11-02T00:00"), False)


def test_it_listens_to_others_only_with_a_key(sample: SampleWarehouse) -> None:
    """An API that everybody can reach would show everybody everything."""
    environment = {**os.environ, "PIXELS_HOME": str(sample.home)}
    command = [sys.executable, "-m", "pixels", "api", "--port", "0", "--host"]
    for host in ("0.0.0.0", "::"):  # noqa: S104 - what is refused
        done = subprocess.run([*command, host], env=environment, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (78, "")
        assert "PIXELS_API_KEYS" in done.stderr
        assert "Traceback" not in done.stderr
