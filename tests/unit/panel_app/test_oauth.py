"""Who gets into the dashboard with an account of somewhere else: over real HTTP, with a provider on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pixels.config import load_settings
from pixels.errors import ConfigurationError
from tests.e2e.test_dashboard import publish_history, running
from tests.unit.panel_app.account_provider import AccountProvider, account_provider

ANNA, BEN = "anna@example.com", "ben@example.com"
USERS = json.dumps({ANNA: {"role": "viewer"}, BEN: {"role": "analyst"}})
NUMBERS, PEOPLE = "/download/banners/banners.csv", "/download/live/events.csv"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, AccountProvider, Path]]:
    """A dashboard for Anna and Ben, the provider, and the log of the dashboard."""
    home = publish_history(tmp_path_factory.mktemp("home")).home
    with (
        account_provider() as provider,
        running(home, PIXELS_DASHBOARD_USERS=USERS, PIXELS_DASHBOARD_OAUTH=provider.setting()) as dashboard,
    ):
        yield dashboard.address, provider, dashboard.log


@pytest.fixture
def provider(served: tuple[str, AccountProvider, Path]) -> AccountProvider:
    """The provider, with Anna before it."""
    provider = served[1]
    provider.claims, provider.tells_by_id_token = {"email": ANNA, "email_verified": True}, True
    return provider


@pytest.fixture
def browser(served: tuple[str, AccountProvider, Path], provider: AccountProvider) -> Iterator[httpx.Client]:
    """Somebody who comes from nowhere."""
    with httpx.Client(base_url=served[0], follow_redirects=True, timeout=60) as client:
        yield client


@pytest.mark.parametrize("by_id_token", [True, False])
def test_who_has_an_account_there_and_is_on_the_list_gets_the_page_that_was_asked_for(
    browser: httpx.Client, provider: AccountProvider, by_id_token: bool
) -> None:
    """Whether the provider tells with the token or when it is asked; with the role of the list."""
    provider.tells_by_id_token = by_id_token

    page = browser.get("/funnel?days=7d")

    assert page.status_code == 200
    assert page.url.path == "/funnel"
    assert page.url.params["days"] == "7d"
    assert provider.asked[-1]["redirect_uri"] == f"{browser.base_url}/login".replace("//login", "/login")
    assert browser.get(NUMBERS).status_code == 200
    assert browser.get(PEOPLE).status_code == 403
    browser.cookies.clear()
    provider.claims = {"email": BEN}
    browser.get("/")
    assert browser.get(PEOPLE).status_code == 200


def test_nothing_of_the_provider_is_kept_in_the_browser(browser: httpx.Client) -> None:
    """Only who it is; scripts do not see it and other sites do not send it."""
    answers = [*browser.get("/").history]

    cookies = [cookie for answer in answers for cookie in answer.headers.get_list("set-cookie")]
    given = {cookie.partition("=")[0]: cookie for cookie in cookies if '=""' not in cookie}
    assert {"user", "signed_in"} <= set(given)
    assert not {"access_token", "id_token", "refresh_token"} & set(given)
    for cookie in given.values():
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email": "eve@example.com"}, "not on the list"),
        ({"email": ANNA, "email_verified": False}, "not verified there"),
        ({"name": "Anna"}, "did not work"),
        ({"email": "<script>alert(1)</script>"}, "not on the list"),
        ({"email": [ANNA]}, "did not work"),
    ],
)
def test_others_are_turned_away_and_told_why(
    browser: httpx.Client, provider: AccountProvider, claims: dict[str, object], said: str
) -> None:
    """With a page of our own that loads nothing, and without a cookie that opens anything."""
    provider.claims = claims

    page = browser.get("/")

    assert page.status_code in (401, 403, 500)
    assert said in page.text
    assert "http" not in page.text
    assert "<script" not in page.text
    assert browser.get(NUMBERS).status_code == 403


def test_an_answer_that_nobody_asked_for_opens_nothing(browser: httpx.Client, provider: AccountProvider) -> None:
    """Somebody else's code, with a state that this browser did not begin with (cross-site request forgery)."""
    begun = browser.get("/login", follow_redirects=False)
    back = httpx.get(begun.headers["location"], follow_redirects=False).headers["location"]
    browser.cookies.clear()

    page = browser.get(back)

    assert "did not work" in page.text
    assert browser.get(NUMBERS).status_code == 403


def test_a_provider_that_is_away_is_told_of(browser: httpx.Client) -> None:
    """A code that it does not know; the log says why, the page does not quote it."""
    begun = browser.get("/login", follow_redirects=False)
    state = httpx.URL(begun.headers["location"]).params["state"]

    page = browser.get("/login", params={"code": "made-up", "state": state})

    assert page.status_code in (401, 500)
    assert "did not work" in page.text
    assert "invalid_grant" not in page.text


def test_behind_a_proxy_with_tls_people_come_back_over_it(browser: httpx.Client, provider: AccountProvider) -> None:
    """The address that the provider sends them to is encrypted, as are the cookies."""
    begun = browser.get("/login", headers={"X-Forwarded-Proto": "https"}, follow_redirects=False)

    assert httpx.URL(begun.headers["location"]).params["redirect_uri"].startswith("https://127.0.0.1")
    assert all("Secure" in cookie for cookie in begun.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"dashboard_users": USERS}, "has no password"),
        ({"dashboard_oauth": '{"provider": "google", "key": "k", "secret": "s"}'}, "it is empty"),
        (
            {"dashboard_users": USERS, "dashboard_oauth": '{"provider": "generic", "key": "k", "secret": "s"}'},
            "token_url",
        ),
        ({"dashboard_users": USERS, "dashboard_oauth": "google"}, "not a JSON object"),
    ],
)
def test_settings_that_would_let_nobody_in_are_told_of(settings: dict[str, str], problem: str) -> None:
    """When they are read."""
    with pytest.raises(ConfigurationError, match=problem):
        load_settings(**settings)
