"""The dashboard in a real browser, on real snapshots."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect

import pixels
from tests.local_log import append
from tests.sample_records import event
from tests.sample_warehouse import Event, SampleWarehouse, deposit, registration, visit
from tests.waiting import until

HOSTILE = "<img src=x onerror=alert(1)>"
ZONE = "Europe/Berlin"
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.astimezone(ZoneInfo(ZONE)).date()
LAST_28_DAYS = (TODAY - timedelta(days=28), TODAY - timedelta(days=1))
DRAWN = 60_000
PAGES = (
    "",
    "banners",
    "banner?tag=brandA&theirs=40",
    f"why?day={TODAY}&type=visit",
    "funnel?drop=3",
    "players?segment=visitor",
    "players?player=p3-0",
    "money?deposits=all",
    "cohorts",
    "anomalies",
    "compare",
    "live",
    "reports?report=campaign_report",
    "proof",
    "what-if",
    "system",
)


def ago(**span: float) -> str:
    """An instant before now."""
    return (NOW - timedelta(**span)).isoformat()


def history() -> list[Event]:
    """58 days with three visitors each, some of whom go on; one of the banners has a hostile tag."""
    events: list[Event] = []
    for day in range(58):
        for person, banner in enumerate(("brandA", HOSTILE, "a_very_long_banner_tag_" * 5)):
            name = f"p{day}-{person}"
            events.append(visit(name, banner, ago(days=day, minutes=3)))
            if person == 0:
                events.append(registration(name, banner, ago(days=day, minutes=2)))
            if person == 0 and day % 2:
                money = {"amount": "25.00", "currency": "EUR", "_key": "k"}
                events.append(deposit(name, banner, ago(days=day, minutes=1), **money))
    return events


def publish_history(home: Path, *, is_demo: bool = False) -> SampleWarehouse:
    """Publish the history as of now."""
    sample = SampleWarehouse(home, time_zone=ZONE, is_demo=is_demo)
    sample.publish(*history(), complete_until=NOW)
    return sample


def clean_environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment with these settings and no other."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}
    return {**others, "PIXELS_HOME": str(home), **settings}


@dataclass
class Served:
    """A running `pixels dashboard`."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """What it announces on stdout; empty before it does."""
        said = self.log.read_text()
        assert self.process.poll() is None, said
        lines = [line for line in said.splitlines() if line.startswith("dashboard: listening on http://127.0.0.1:")]
        return lines[0].rpartition(" ")[2] if lines else ""


@contextmanager
def running(home: Path, port: str = "0", **settings: str) -> Iterator[Served]:
    """Run `pixels dashboard` on a home until the end of the block."""
    log = Path(tempfile.mkdtemp(dir=home)) / "dashboard.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pixels", "dashboard", "--port", port],
            env=clean_environment(home, **settings),
            cwd=home,
            stdout=out,
            stderr=out,
        )
    served = Served(process, log)
    try:
        until(lambda: served.address, timeout=120, what="the dashboard says where it listens")
        yield served
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with demo data that no test changes."""
    return publish_history(tmp_path_factory.mktemp("home"), is_demo=True).home


@pytest.fixture(scope="module")
def dashboard(home: Path) -> Iterator[str]:
    """The dashboard of that home; its address."""
    with running(home) as served:
        yield served.address


@dataclass
class Watched:
    """A page, and what it did besides showing figures."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, wait_until: str) -> Watched:
        """Note errors, dialogs and requests from the first byte on."""
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._note_dialog)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(self.address, wait_until=wait_until)  # type: ignore[arg-type]
        return self

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def drawn(self) -> Watched:
        """Wait until figures and chart are on the page."""
        expect(self.page.locator(".kpi-ftd")).to_be_visible(timeout=DRAWN)
        expect(self.page.locator("canvas").first).to_be_visible(timeout=DRAWN)
        return self

    def go(self, page: str) -> None:
        """Go to a page of the dashboard and wait for what it shows."""
        self.page.goto(f"{self.address.partition('?')[0]}/{page}")
        expect(self.page.locator("h2").first).to_be_visible(timeout=DRAWN)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements."""
        return self.page.locator(selector).all_inner_texts()


@pytest.fixture
def watch(chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Open an address in a browser of its own."""
    contexts = []

    def opened(address: str, *, width: int = 1440, height: int = 900, wait_until: str = "load") -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, permissions=["clipboard-read", "clipboard-write"]
        )
        contexts.append(context)
        return Watched(context.new_page(), address).open(wait_until)

    yield opened
    for context in contexts:
        context.close()


Watch = Callable[..., Watched]


def test_the_numbers_on_the_screen_are_the_librarys(home: Path, dashboard: str, watch: Watch) -> None:
    """Cards and banners show what an analyst gets for the last 28 complete days."""
    watched = watch(dashboard).drawn()

    with pixels.open(home) as wh:
        kpis = wh.kpis(*LAST_28_DAYS).row(0, named=True)
        conversions = wh.conversions(*LAST_28_DAYS).row(0, named=True)
        banners = wh.kpis(*LAST_28_DAYS, by="banner_tag").sort("ftd", "registrations", descending=True)
    assert watched.texts(".kpi-daily-unique-visitors") == [str(kpis["daily_unique_visitors"])]
    assert watched.texts(".kpi-registrations") == [str(kpis["registrations"])]
    assert watched.texts(".kpi-ftd") == [str(kpis["ftd"])]
    assert watched.texts(".kpi-visit-to-registration") == [f"{conversions['registration_rate'] * 100:.1f} %"]
    assert watched.texts(".kpi-registration-to-deposit") == [f"{conversions['deposit_rate'] * 100:.1f} %"]
    assert sorted(watched.texts("td.banner")) == sorted(banners["banner_tag"].to_list())
    assert watched.texts("td.banner")[0] == banners["banner_tag"][0]
    assert watched.texts("td.banner-ftd") == [str(count) for count in banners["ftd"]]
    assert watched.texts("td.banner-visits") == [str(count) for count in banners["daily_unique_visitors"]]


def test_numbers_are_written_as_the_browser_asks_for(dashboard: str, chromium: Browser) -> None:
    """A reader of German sees 33,3 % where a reader of English sees 33.3 %, and an axis of the chart alike."""
    context = chromium.new_context(locale="de-DE")
    watched = Watched(context.new_page(), dashboard).open("load").drawn()

    (rate,) = watched.texts(".kpi-visit-to-registration")
    ticks = watched.page.evaluate(
        "[...Bokeh.documents[0]._all_models.values()].filter(m => m.type == 'CustomJSTickFormatter')"
        ".map(m => m.doFormat([12345], {})[0])"
    )
    context.close()

    assert re.fullmatch(r"[0-9]+,[0-9] %", rate)
    assert "12.345" in ticks
    assert watched.errors == []


def test_the_page_says_what_data_it_shows(dashboard: str, watch: Watch) -> None:
    """Time zone, until when, and on demo data a badge that cannot be overlooked."""
    watched = watch(dashboard).drawn()

    local = NOW.astimezone(ZoneInfo(ZONE))
    assert watched.texts(".data-through") == [f"{local.day} {local:%b %Y, %H:%M} ({ZONE})"]
    expect(watched.page.locator(".demo-badge")).to_have_text("Demo data")
    assert watched.page.title() == "Pixels"


def test_a_hostile_banner_tag_stays_text(dashboard: str, watch: Watch) -> None:
    """It is read as it was written, in every order of the table, as a filter, and on a page of its own; nothing of it runs."""
    watched = watch(dashboard).drawn()
    page = watched.page

    for order in ("Registrations", "Daily unique visitors", "FTD"):
        page.locator("table.banners th").get_by_text(order, exact=True).first.click()
        expect(page.locator("th.sorted")).to_contain_text(order)
        assert HOSTILE in watched.texts("td.banner")
    page.locator("td.banner a", has_text="<img").click()
    expect(page.locator(".chip")).to_contain_text(HOSTILE)
    expect(page.locator("td.banner")).to_have_count(1)
    page.locator(".own a").click()
    expect(page.locator(".subject")).to_have_text(HOSTILE)
    assert page.locator("img").count() == 0
    assert watched.dialogs == []


def test_nothing_goes_wrong_and_nothing_leaves_the_machine(dashboard: str, watch: Watch) -> None:
    """No error in the console on any page, and scripts, styles and fonts come from the dashboard alone."""
    watched = watch(dashboard).drawn()
    for preset in ("Today", "90 days", "All"):
        watched.page.locator(".period").get_by_text(preset, exact=True).click()
    watched.page.get_by_label("Toggle theme").click()
    for page in PAGES:
        watched.go(page)
        watched.page.wait_for_load_state("networkidle")

    assert watched.errors == []
    elsewhere = [url for url in watched.requests if not url.removeprefix("blob:").startswith((dashboard, "data:"))]
    assert elsewhere == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_everybody_can_use_every_page(dashboard: str, watch: Watch, theme: str, width: int) -> None:
    """axe-core, which reads pages as assistive technology does, finds nothing serious."""
    watched = watch(dashboard, width=width).drawn()
    if theme == "dark":
        watched.page.get_by_label("Toggle theme").click()
        watched.page.mouse.move(0, 600)
    serious = []
    for page in PAGES:
        watched.go(page)
        found = Axe().run(watched.page).response["violations"]
        serious += [
            (page, one["id"], [node["html"][:200] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    assert serious == []


def test_the_page_system_follows_what_waits(tmp_path: Path, watch: Watch) -> None:
    """A record that is received stands there by itself, though no pass has published anything since."""
    publish_history(tmp_path)
    with running(tmp_path) as served:
        page = watch(f"{served.address}/system").page
        expect(page.get_by_text("What waits is not known")).to_be_visible(timeout=DRAWN)

        append(tmp_path, [event(1)], at_ms=int(NOW.timestamp() * 1000))

        expect(page.locator(".slots tbody tr")).to_contain_text("slot-000", timeout=DRAWN)
        expect(page.locator(".card", has_text="Not counted yet").locator(".card-value")).to_have_text("1")


def test_a_person_chooses_the_days(home: Path, dashboard: str, watch: Watch) -> None:
    """A preset and days picked by hand move the figures, say which days they are, and stand in the address."""
    watched = watch(dashboard).drawn()
    page, visitors = watched.page, watched.page.locator(".kpi-daily-unique-visitors")

    page.locator(".period").get_by_text("7 days", exact=True).click()
    expect(visitors).to_have_text(str(7 * 3), timeout=DRAWN)
    assert page.url == f"{dashboard}/?days=7d"

    pick(page, date(2020, 1, 1), date(2020, 1, 7))
    expect(page.locator(".nothing")).to_contain_text("No events 1 to 7 Jan 2020", timeout=DRAWN)
    expect(visitors).to_be_hidden()

    pick(page, TODAY - timedelta(days=3), TODAY - timedelta(days=2))
    expect(visitors).to_have_text("6", timeout=DRAWN)
    page.wait_for_url(f"{dashboard}/?days={TODAY - timedelta(days=3)}..{TODAY - timedelta(days=2)}")

    page.go_back()
    page.go_back()
    expect(visitors).to_have_text(str(7 * 3), timeout=DRAWN)
    page.reload()
    expect(visitors).to_have_text(str(7 * 3), timeout=DRAWN)


def pick(page: Page, start: date, end: date) -> None:
    """Fill in both days."""
    page.locator(".days summary").click()
    page.locator("input[name=start]").fill(start.isoformat())
    page.locator("input[name=end]").fill(end.isoformat())
    page.get_by_role("button", name="Show these days").click()


def test_what_an_address_says_is_shown_or_told(dashboard: str, watch: Watch) -> None:
    """Days, filter and measure of a copied address; what is not understood is told, and the rest is shown."""
    watched = watch(f"{dashboard}/?days=7d&is.banner_tag=brandA&metric=ftd&against=yesterday&colour=red").drawn()

    expect(watched.page.locator(".chip")).to_contain_text("brandA")
    assert watched.texts(".kpi-daily-unique-visitors") == ["7"]
    expect(watched.page.locator("a.card-ftd")).to_have_attribute("aria-current", "true")
    told = " ".join(watched.texts(".misread"))
    assert "against=yesterday is not one of weekday, previous, none" in told
    assert "'colour'" in told


def test_a_keyboard_is_enough(dashboard: str, watch: Watch) -> None:
    """Tab reaches a card and Enter chooses it; a menu opens, closes with Escape, and gives the focus back."""
    watched = watch(dashboard).drawn()
    page = watched.page

    page.locator("a.card-ftd").focus()
    page.keyboard.press("Enter")
    expect(page.locator("a.card-ftd")).to_have_attribute("aria-current", "true")
    page.locator(".banner-filter summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("brandA")
    expect(page.locator("#banner-list li:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#banner-list")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#banner-list")).to_be_visible()


def test_what_is_seen_can_be_taken_along(dashboard: str, watch: Watch) -> None:
    """The table as CSV with the formula made harmless, the chart as a picture, the page as a notebook."""
    watched = watch(f"{dashboard}/?days=7d").drawn()
    page = watched.page

    for name, beginning in (("CSV", b"event_date,value"), ("PNG", b"\x89PNG"), ("Open as notebook", b"{\n")):
        with page.expect_download() as saving:
            page.locator(".exports").get_by_text(name, exact=True).first.click()
        assert Path(saving.value.path()).read_bytes().startswith(beginning)


def test_a_new_snapshot_moves_the_figures_in_the_open_page(tmp_path: Path, watch: Watch) -> None:
    """No reload, no chart that blinks, no jump, and the chosen days stay chosen."""
    sample = publish_history(tmp_path)
    with running(tmp_path) as served:
        watched = watch(served.address, height=500).drawn()
        page = watched.page
        page.locator(".period").get_by_text("Today", exact=True).click()
        expect(page.locator(".kpi-daily-unique-visitors")).to_have_text("3", timeout=DRAWN)
        expect(page.locator(".demo-badge")).to_have_count(0)
        page.locator("table.banners").scroll_into_view_if_needed()
        page.locator("table.banners").evaluate(NOTE_PLACES_ONCE_AT_REST)
        page.locator("canvas").first.evaluate("canvas => { window.chart = canvas }")

        sample.publish(*(visit(f"new{n}", "brandA", ago(minutes=1)) for n in range(40)), complete_until=NOW)

        expect(page.locator(".kpi-daily-unique-visitors")).to_have_text("43", timeout=DRAWN)
        expect(page.locator("td.banner-visits").first).to_have_text("41")
        page.wait_for_function(f"{TOP_OF_CHART} > 43", timeout=DRAWN)
        assert page.evaluate("window.places.size") == 1, "nothing moved, not for a moment"
        assert page.evaluate("window.chart.isConnected"), "the chart was drawn into, not replaced"
        assert watched.errors == []


TOP_OF_CHART = "Math.max(...Bokeh.documents.flatMap(d => [...d.all_models].map(m => m.y_range?.end ?? 0)))"
"""Where the vertical axis of the chart ends."""
NOTE_PLACES_ONCE_AT_REST = """element => new Promise(at_rest => {
    let last, since
    const look = () => {
        const place = element.getBoundingClientRect().y
        if (window.places) window.places.add(place)
        else if (place !== last) [last, since] = [place, performance.now()]
        else if (performance.now() - since > 1000) { window.places = new Set([place]); at_rest() }
        requestAnimationFrame(look)
    }
    look()
})"""
"""Remember where an element is in every frame from now on, once it has stayed where it is for a second."""


def test_before_the_first_event_the_page_shows_how_to_send_one_and_then_turns_live(
    tmp_path: Path, watch: Watch
) -> None:
    """The snippet names the collector and can be copied; an empty snapshot changes nothing, the first event does."""
    with running(tmp_path, PIXELS_COLLECTOR_PORT="18787") as served:
        page = watch(served.address).page
        snippet = page.locator(".pixel-snippet")
        expect(snippet).to_contain_text("http://127.0.0.1:18787/pixels.js", timeout=DRAWN)
        page.get_by_text("Copy", exact=True).click()
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == snippet.inner_text()

        sample = SampleWarehouse(tmp_path, time_zone=ZONE)
        sample.publish(complete_until=NOW)
        expect(page.locator(".data-through")).to_be_visible(timeout=DRAWN)
        expect(snippet).to_be_visible()

        person = [
            visit("v-1", "brandA", ago(minutes=3), s="v-1"),
            registration("123", "brandA", ago(minutes=2), s="v-1"),
            deposit("123", "brandA", ago(minutes=1)),
        ]
        sample.publish(*person, complete_until=NOW)
        for figure in ("daily-unique-visitors", "registrations", "ftd"):
            expect(page.locator(f".kpi-{figure}")).to_have_text("1", timeout=DRAWN)
        expect(snippet).to_have_count(0)


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_is_clipped(dashboard: str, watch: Watch, width: int) -> None:
    """On a phone, a tablet and a desk every part lies within the window; none scrolls sideways."""
    watched = watch(dashboard, width=width).drawn()

    assert watched.page.evaluate("document.documentElement.scrollWidth") == width
    for selector in (".status", ".period", ".days", ".card", "canvas", ".sentence", ".banners", "td", "th"):
        for element in watched.page.locator(selector).all():
            box = element.bounding_box()
            if box is None:  # left out where there is no room
                continue
            assert box["x"] >= 0, selector
            assert box["x"] + box["width"] <= width, (selector, box)


def test_text_stands_out_in_light_and_dark(dashboard: str, watch: Watch) -> None:
    """The toggle changes the page's colours, and both are readable (WCAG AA, 4.5 to 1)."""
    watched = watch(dashboard).drawn()
    backgrounds = set()

    for _ in range(2):
        for selector in (".card-value", ".card-label", ".card-note", "td.banner", ".last-pass"):
            text, background = colours(watched.page, selector)
            backgrounds.add(background)
            assert contrast(text, background) >= 4.5, (selector, text, background)
        watched.page.get_by_label("Toggle theme").click()
        watched.page.wait_for_function("before => getComputedStyle(document.body).backgroundColor !== before", arg="")
        until(lambda: colours(watched.page, ".card-value")[1] not in backgrounds or len(backgrounds) > 1)
    assert len(backgrounds) == 2


Colour = tuple[float, float, float]


def colours(page: Page, selector: str) -> tuple[Colour, Colour]:
    """The colour of the text of the first such element, and of what is behind it."""
    found = page.locator(selector).first.evaluate(
        """element => {
            const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
            const rgba = colour => {
                canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
                return [...canvas.getImageData(0, 0, 1, 1).data]
            }
            let behind = element
            while (rgba(getComputedStyle(behind).backgroundColor)[3] < 255)
                behind = behind.parentElement ?? behind.getRootNode().host ?? document.documentElement
            return [rgba(getComputedStyle(element).color), rgba(getComputedStyle(behind).backgroundColor)]
        }"""
    )
    return tuple(found[0][:3]), tuple(found[1][:3])


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: Colour) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_page_says_when_the_dashboard_is_gone_and_comes_back_with_it(home: Path, watch: Watch) -> None:
    """SIGTERM ends it at once, with a page open; figures that stand still are not taken for fresh ones."""
    with running(home) as served:
        address = served.address
        page = watch(address).drawn().page
        page.evaluate("window.loaded = 'before'")

        served.process.send_signal(signal.SIGTERM)

        assert served.process.wait(10) == 0
        expect(page.get_by_text("The dashboard does not answer")).to_be_visible(timeout=DRAWN)
    with running(home, port=address.rpartition(":")[2]):
        page.wait_for_function("() => window.loaded !== 'before'", timeout=DRAWN)
        expect(page.locator(".kpi-ftd")).to_be_visible(timeout=DRAWN)


def test_all_who_open_it_at_once_see_figures(home: Path, watch: Watch) -> None:
    """Also when nothing has been read yet, and pages are sent before their figures: those that follow are not lost."""
    with running(home) as served:
        pages = [watch(f"{served.address}/{page}", wait_until="commit").page for page in ("", "funnel", "banners") * 3]
        for page in pages:
            expect(page.locator("h2").first).to_be_visible(timeout=DRAWN)
            expect(page.locator(".skeleton")).to_have_count(0, timeout=DRAWN)


def test_control_c_ends_the_dashboard(home: Path) -> None:
    """With exit code 0 and without a traceback."""
    with running(home) as served:
        served.process.send_signal(signal.SIGINT)

        assert served.process.wait(10) == 0
        assert "Traceback" not in served.log.read_text()


def test_a_taken_port_is_a_message(home: Path) -> None:
    """What happened and what to do, no traceback, and the exit code of a wrong configuration."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pixels", "dashboard", "--port", str(port)],
            env=clean_environment(home),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert done.returncode == 78
    assert done.stderr.startswith(f"pixels: The dashboard cannot listen on 127.0.0.1 port {port}")


@pytest.mark.parametrize(("origin", "status"), [("http://elsewhere.example", 403), (None, 101)])
def test_a_page_of_another_site_cannot_read_the_figures(dashboard: str, origin: str | None, status: int) -> None:
    """A browser that shows another site may not open the dashboard's web socket."""
    host = dashboard.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", "/")
    token = session_token(connection.getresponse().read().decode())
    connection.close()

    connection.request(
        "GET",
        "/ws",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": f"bokeh, {token}",
            "Origin": origin or dashboard,
        },
    )

    assert connection.getresponse().status == status
    connection.close()


def session_token(html: str) -> str:
    """The token that the page hands its browser for the web socket."""
    return html.partition('"token":"')[2].partition('"')[0]


def test_a_report_is_made_from_the_page_and_opens_as_a_document_of_its_own(tmp_path: Path, watch: Watch) -> None:
    """Its parameters come from the form, its progress is to be seen, its charts are drawn, and it has no key to the dashboard."""
    publish_history(tmp_path, is_demo=True)
    with running(tmp_path) as served:
        watched = watch(f"{served.address}/reports?report=campaign_report")
        page = watched.page
        page.get_by_label("Banner", exact=True).fill("brandA")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator(".runs progress")).to_be_visible(timeout=DRAWN)
        expect(page.get_by_label("Banner", exact=True)).to_have_value("brandA")
        ready = page.locator(".runs li", has_text="is ready")
        expect(ready).to_be_visible(timeout=2 * DRAWN)
        expect(page.locator("table.made tbody tr")).to_have_count(1)
        assert "banner brandA" in page.locator("table.made").inner_text()

        with page.context.expect_page() as opened:
            ready.get_by_text("Page").click()
        report = Watched(opened.value, opened.value.url)
        report.open("load")
        expect(report.page.locator("canvas").first).to_be_visible(timeout=DRAWN)

        assert report.page.evaluate("window.origin") == "null"
        assert report.errors == watched.errors == []
        assert all(request.startswith((served.address, "data:")) for request in report.requests)
        notebook = page.request.get(f"{served.address}/{ready.get_by_text('Notebook').get_attribute('href')}")
        assert notebook.headers["content-disposition"] == "attachment"
        assert page.request.get(f"{served.address}/report-files/../published/current.json").status == 404
