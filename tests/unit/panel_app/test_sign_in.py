"""Who gets into the dashboard, and what they see of it: over real HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from panel_app.pages import PAGES
from panel_app.roles import Role, pages_for, role_of
from panel_app.sign_in import TRIES, WAIT_S, Tries
from pixels.config import DashboardUser
from pixels.passwords import kept
from tests.e2e.test_dashboard import clean_environment, publish_history, running

PASSWORD = "a long password"
USERS = {role: {"password": kept(PASSWORD), "role": role} for role in ("viewer", "analyst", "admin")}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard with a viewer, an analyst and an admin; its address."""
    home = publish_history(tmp_path_factory.mktemp("home")).home
    with running(home, PIXELS_DASHBOARD_USERS=json.dumps(USERS)) as served:
        yield served.address


@contextmanager
def browser(address: str, user: str = "") -> Iterator[httpx.Client]:
    """Come from nowhere, and sign in if there is a user."""
    with httpx.Client(base_url=address, follow_redirects=True, timeout=60) as client:
        if user:
            client.post("/login", data={"username": user, "password": PASSWORD})
        yield client


def test_nobody_gets_in_without_signing_in(guarded: str) -> None:
    """Pages lead to the sign-in, downloads and the web socket are refused."""
    with browser(guarded) as client:
        assert 'name="password"' in client.get("/?days=7d").text
        assert 'name="password"' in client.get("/players").text
        assert client.get("/download/banners/banners.csv").status_code == 403
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "bokeh, x", "Origin": guarded}  # fmt: skip
        assert client.get("/ws", headers=headers).status_code in (401, 403)


def test_passwords_tried_at_once_are_counted_one_by_one(guarded: str) -> None:
    """Tries that arrive together are no way around the number of them."""

    async def tried() -> list[str]:
        async with httpx.AsyncClient(base_url=guarded, timeout=60) as client:
            posts = [client.post("/login", data={"username": "someone", "password": str(n)}) for n in range(3 * TRIES)]
            return [answer.headers["location"] for answer in await asyncio.gather(*posts)]

    assert sum("error=wrong" in location for location in asyncio.run(tried())) == TRIES


@pytest.mark.parametrize(
    ("asked", "location"),
    [("/funnel?days=7d", "./funnel?days=7d"), ("https://evil.example/funnel", "./funnel"), ("//evil.example", "./")],
)
def test_who_signed_in_gets_the_page_that_was_asked_for(guarded: str, asked: str, location: str) -> None:
    """And never one of another site."""
    with httpx.Client(base_url=guarded, timeout=60) as client:
        data = {"username": "viewer", "password": PASSWORD, "next": asked}
        assert client.post("/login", data=data).headers["location"] == location


def test_a_wrong_password_and_an_unknown_name_are_the_same_to_whoever_tries(guarded: str) -> None:
    """The page does not tell which names there are, and shows no words from its address."""
    with browser(guarded) as client:
        wrong = client.post("/login", data={"username": "viewer", "password": "no"})
        unknown = client.post("/login", data={"username": "nobody", "password": "no"})
        assert wrong.text == unknown.text
        assert "do not belong together" in wrong.text
        assert "call this number" not in client.get("/login?error=call+this+number").text
        assert 'name="password"' in client.get("/").text


def test_the_page_to_sign_in_loads_nothing_from_elsewhere(guarded: str) -> None:
    """It works without a network."""
    with browser(guarded) as client:
        assert "http" not in client.get("/login").text.replace('method="post"', "")


@pytest.mark.parametrize(("user", "status"), [("viewer", 403), ("analyst", 200), ("admin", 200)])
def test_names_of_players_are_for_analysts(guarded: str, user: str, status: int) -> None:
    """A viewer gets numbers, and none of the tables that name people."""
    with browser(guarded, user) as client:
        assert "panel" in client.get("/").text
        assert client.get("/download/banners/banners.csv").status_code == 200
        for table in (
            "players/segment.csv?segment=visitor",
            "funnel/dropped.csv?drop=2",
            "why/records.csv?day=2026-11-01",
        ):
            assert client.get(f"/download/{table}").status_code == status, table
        there_is_none = 403 if status == 403 else 404
        assert client.get("/report-files/weekly_report/1/weekly_report.ipynb").status_code == there_is_none


def test_the_cookies_stay_with_this_site_and_out_of_scripts(guarded: str) -> None:
    """Behind a server that encrypts they come back encrypted only."""
    data = {"username": "viewer", "password": PASSWORD}
    with httpx.Client(base_url=guarded, timeout=60) as client:
        plain = client.post("/login", data=data).headers.get_list("set-cookie")
        encrypted = client.post("/login", data=data, headers={"X-Forwarded-Proto": "https"}).headers.get_list(
            "set-cookie"
        )

    for cookie in plain:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
    assert len(plain) == len(encrypted) == 2
    assert all("Secure" in cookie for cookie in encrypted)


def test_a_changed_password_ends_what_began_with_the_old_one(tmp_path: Path) -> None:
    """The cookies are signed with the same secret, and open nothing any more."""
    home = publish_history(tmp_path).home
    settings = {"PIXELS_DASHBOARD_COOKIE_SECRET": "s" * 40}
    old = {name: USERS[name] for name in ("viewer", "admin")}
    with (
        running(home, **settings, PIXELS_DASHBOARD_USERS=json.dumps(old)) as served,
        browser(served.address, "viewer") as client,
    ):
        assert client.get("/download/banners/banners.csv").status_code == 200
        cookies = dict(client.cookies)
    new = {**old, "viewer": {"password": kept("another password"), "role": "viewer"}}
    with running(home, **settings, PIXELS_DASHBOARD_USERS=json.dumps(new)) as served, browser(served.address) as client:
        client.cookies.update(cookies)
        assert client.get("/download/banners/banners.csv").status_code == 403
        assert 'name="password"' in client.get("/").text


def test_signing_out_ends_it(guarded: str) -> None:
    """The next page asks for the password again."""
    with browser(guarded, "admin") as client:
        client.get("/logout")
        assert 'name="password"' in client.get("/").text


def test_a_forged_cookie_opens_nothing(guarded: str) -> None:
    """It has to be signed."""
    with browser(guarded) as client:
        client.cookies.set("user", "2|1:0|10:1700000000|4:user|8:YWRtaW4=|" + "0" * 64)
        assert client.get("/download/banners/banners.csv").status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - refused
def test_without_users_it_listens_on_this_machine_only(tmp_path: Path, host: str) -> None:
    """What happened and what to do, and the exit code of a wrong configuration."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pixels", "dashboard", "--port", "0", "--host", host],
        env=clean_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 78
    assert "set PIXELS_DASHBOARD_USERS" in done.stderr


def test_a_page_whose_name_was_pointed_here_gets_no_table(tmp_path: Path) -> None:
    """DNS rebinding: without users too, a request must name this machine as its host."""
    home = publish_history(tmp_path).home
    with running(home) as served, browser(served.address) as client:
        table = "/download/banners/banners.csv"
        assert client.get(table).status_code == 200
        for path in (table, "/report-files/a/b.html"):
            assert client.get(path, headers={"Host": "evil.example:5006"}).status_code == 403


def test_many_wrong_passwords_have_to_wait() -> None:
    """Also with the right one; other names do not, and after a while nobody does."""
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(TRIES):
        assert not tries.must_wait("anna")
        tries.failed("anna")

    assert tries.must_wait("anna")
    assert not tries.must_wait("ben")
    now[0] = WAIT_S
    assert not tries.must_wait("anna")
    tries.failed("anna")
    tries.succeeded("anna")
    assert not tries.must_wait("anna")


def test_roles_see_what_is_theirs() -> None:
    """Without users everybody here is an admin; who is not on the list is nobody."""
    users = {name: DashboardUser.model_validate(user) for name, user in USERS.items()}

    assert role_of({}, None) is Role.ADMIN
    assert role_of(users, "analyst") is Role.ANALYST
    assert role_of(users, "nobody") is None
    seen = {page.slug: page for page in pages_for(Role.VIEWER, PAGES)}
    assert not {"why", "live"} & seen.keys()
    assert not {"player", "segment"} & {*seen["players"].options, *seen["players"].tables}
    assert "drop" not in seen["funnel"].options
    assert pages_for(Role.ANALYST, PAGES) == PAGES
