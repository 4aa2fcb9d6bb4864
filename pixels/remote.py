"""`pixels.open("https://host:8788")`: the newest snapshot of somebody's API, fetched once into a cache and read there.

The cache is a folder of this user (platformdirs), one below it for each address and key. It holds one snapshot: what the API
serves now is asked by `ETag`, so that a snapshot that has not changed is not fetched again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import get_ident

import httpx
import msgspec
from platformdirs import user_cache_path
from pydantic import SecretStr
from tqdm import tqdm

from pixels.config import Settings
from pixels.errors import BadParameter, NoSnapshot, PixelsError
from pixels.opening import Reading, open_file
from pixels.pointer import MEDIA_DUCKDB, Pointer, check_usable
from pixels.ports import is_this_machine
from pixels.warehouse import Warehouse

_TIMEOUT = httpx.Timeout(10, read=600)  # an API makes the file when it is first asked for
_TRIES = 5
_LONGEST_HOST_NAMED = 100
"""The name of a folder has 255 characters at most, that of a host 253."""


class RemoteError(PixelsError):
    """An API cannot be reached, or does not give what is asked for."""

    exit_code = 69


class _Cached(msgspec.Struct):
    etag: str
    file: str


def open_remote(address: str, settings: Settings, snapshot: int | None, api_key: str | None) -> Warehouse:
    """Open the newest snapshot of the API at `address`. Raises BadParameter and RemoteError."""
    if snapshot is not None:
        raise BadParameter("snapshot", "an API serves its newest snapshot only; leave the number out")
    if not isinstance(api_key, str | None):
        raise BadParameter("api_key", "a key is text")
    secret = settings.api_key.get_secret_value() if api_key is None else api_key
    url = _checked(address, secret)
    name = hashlib.sha256(f"{url}\n{secret}".encode()).hexdigest()[:16]
    folder = user_cache_path("pixels") / f"{url.raw_host.decode('ascii')[:_LONGEST_HOST_NAMED]}-{name}"
    return RemoteApi(str(url).rstrip("/"), SecretStr(secret), folder, Reading.by(settings)).open()


def _checked(address: str, secret: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
        url.raw_host.decode("ascii").encode("idna")  # as its look-up does, which has no error of its own for it
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadParameter("path", f"{address!r} is no address: {error}") from error
    if not url.host or url.userinfo or url.query or url.fragment:
        raise BadParameter(
            "path", f"{url.copy_with(userinfo=b'')} is no address of an API such as https://stats.example:8788"
        )
    if not secret.isascii() or not secret.isprintable():
        raise BadParameter("api_key", "a key is printable ASCII text")
    if secret and url.scheme == "http" and not is_this_machine(url.host):
        raise BadParameter("path", f"http://{url.host} would send your key for everybody to read; use https")
    return url


def _whose() -> str:
    """Return what no other process, and no other thread of this one, calls its files that are not whole yet."""
    return f"{os.getpid()}-{get_ident()}"


@dataclass(frozen=True)
class RemoteApi:
    """The API at an address, and the cache of what it serves."""

    url: str
    secret: SecretStr
    folder: Path
    reading: Reading

    def pointer(self) -> Pointer:
        """Ask what is published there now."""
        with self._answer({"Accept": "application/json"}) as answer:
            answer.read()
            if answer.status_code != HTTPStatus.OK:
                raise self._refused(answer)
            try:
                pointer = msgspec.json.decode(answer.content, type=Pointer)
            except (ValueError, RecursionError) as error:
                raise RemoteError(f"{self.url} does not answer as a Pixels API does: {error}") from error
        check_usable(pointer, Path(self.url))
        return pointer

    def open(self) -> Warehouse:
        """Fetch the newest snapshot unless it is here, and open it."""
        for tries_left in reversed(range(_TRIES)):
            before, file = self.pointer(), self._fetch()
            try:
                warehouse = open_file(file, self.reading, self)
            except NoSnapshot as error:  # damaged; or another process has fetched a newer one, and deleted this
                file.unlink(missing_ok=True)
                if not tries_left:
                    raise RemoteError(f"{self.url}: {error}") from error
            else:
                break
        now = before if before.snapshot == warehouse.snapshot else self.pointer()
        if now.snapshot == warehouse.snapshot:
            return warehouse.standing_for(now)
        return warehouse  # a newer one has been published meanwhile: it says of itself what it knows

    def kept(self, number: int) -> Warehouse:
        """Raise BadParameter: an API serves its newest snapshot only."""
        raise BadParameter(
            "snapshot", f"{self.url} serves its newest snapshot, not {number}: hand over the older warehouse itself"
        )

    def _fetch(self) -> Path:
        """Return the file of the newest snapshot, which is fetched when it is not here."""
        cached = self._cached()
        known = {"If-None-Match": cached.etag} if cached else {}
        with self._answer({"Accept": MEDIA_DUCKDB, **known}) as answer:
            if cached and answer.status_code == HTTPStatus.NOT_MODIFIED:
                return self.folder / cached.file
            if answer.status_code != HTTPStatus.OK:
                answer.read()
                raise self._refused(answer)
            return self._keep(answer)

    def _keep(self, answer: httpx.Response) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        etag = answer.headers.get("ETag", "")
        file = self.folder / f"snapshot-{hashlib.sha256(etag.encode()).hexdigest()[:16]}.duckdb"
        coming = file.with_suffix(f".{_whose()}.part")
        size = int(answer.headers.get("Content-Length", 0)) or None
        try:
            with (
                coming.open("wb") as into,
                tqdm(total=size, unit="B", unit_scale=True, desc="Fetching the snapshot", disable=None) as bar,
            ):
                for piece in answer.iter_bytes():
                    into.write(piece)
                    bar.update(len(piece))
            coming.replace(file)
        finally:
            coming.unlink(missing_ok=True)
        self._remember(_Cached(etag, file.name))
        for other in self.folder.glob("*.duckdb"):
            if other != file:
                other.unlink(missing_ok=True)
        return file

    def _cached(self) -> _Cached | None:
        try:
            cached = msgspec.json.decode((self.folder / "cached.json").read_bytes(), type=_Cached)
        except (OSError, ValueError):
            return None
        is_here = Path(cached.file).name == cached.file and (self.folder / cached.file).is_file()
        return cached if is_here and cached.etag else None

    def _remember(self, cached: _Cached) -> None:
        fresh = self.folder / f"cached.{_whose()}.part"
        fresh.write_bytes(msgspec.json.encode(cached))
        fresh.replace(self.folder / "cached.json")

    @contextmanager
    def _answer(self, headers: dict[str, str]) -> Iterator[httpx.Response]:
        if secret := self.secret.get_secret_value():
            headers = {**headers, "Authorization": f"Bearer {secret}"}
        try:
            with (
                httpx.Client(timeout=_TIMEOUT) as client,
                client.stream("GET", f"{self.url}/api/snapshot", headers=headers) as answer,
            ):
                yield answer
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise RemoteError(
                f"{self.url} cannot be read: {why}. Is the API running, and reachable from here?"
            ) from error

    def _refused(self, answer: httpx.Response) -> PixelsError:
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError, RecursionError):
            detail = f"{answer.status_code} {answer.reason_phrase}".strip()
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            detail += ". Give the secret as api_key, or set PIXELS_API_KEY"
        return RemoteError(f"{self.url}: {detail}")
