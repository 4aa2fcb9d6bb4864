"""What the demo tells: the banners, the rhythm of a week and a day, and what happened when.

Days are counted back from the day of `until` (0 is that day), so that the story is as old on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp
from random import Random

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

LAUNCH_DAYS_AGO = 36
"""The stream team's overlay goes live and takes off."""
BROKEN_DAYS_AGO = 20
"""The odds guide's pages lose their registration and deposit pixels for a day; visits go on."""
BURST_DAYS_AGO = 9
"""One evening the coupon club sends thousands of visits of which nobody registers."""

WEEK = (0.84, 0.80, 0.86, 0.95, 1.10, 1.35, 1.26)
"""Monday to Sunday: matches are played at the week's end."""
HOURS = (14, 8, 5, 3, 3, 5, 10, 18, 26, 32, 36, 40, 46, 46, 44, 46, 54, 68, 86, 100, 104, 90, 58, 30)
"""Weights of the hours of a day, UTC: quiet nights, full evenings."""


@dataclass(frozen=True)
class Banner:
    """One banner and the people who come over it."""

    tag: str
    visitors: float  # new visitors on an ordinary day
    registers: float  # share of them who sign up
    deposits: float  # share of those who pay in
    first_deposit_hours: tuple[float, float] = (0.1, 36.0)  # from registration to first deposit: least, most


LAUNCHED = Banner("a_streamteamb_overlayc_live", 190, 0.085, 0.48)
BROKEN = Banner("a_oddsguideb_reviewc_top5", 130, 0.140, 0.55)
BURST = Banner("a_couponclubb_popunderc_deal", 90, 0.030, 0.30)
ABROAD = Banner("a_pokerforumb_footerc_thread", 35, 0.060, 0.65)
"""Its players pay in another currency."""
SLOW = Banner("a_affiliatehubb_emailc_weekly", 60, 0.110, 0.50, first_deposit_hours=(96.0, 144.0))

BANNERS = (
    Banner("a_sportsblogb_topbannerc_nov", 150, 0.075, 0.45),
    Banner("a_sportsblogb_sidebarc_nov", 80, 0.040, 0.40),
    BROKEN,
    Banner("a_oddsguideb_comparisonc_home", 70, 0.090, 0.50),
    LAUNCHED,
    ABROAD,
    Banner("a_casinonewsb_textlinkc_article", 55, 0.050, 0.38),
    BURST,
    SLOW,
    Banner("brandA", 110, 0.100, 0.52),
    Banner("brandB", 45, 0.080, 0.44),
)


def expected_visitors(banner: Banner, day: date, days_ago: int) -> float:
    """Return how many new visitors `banner` brings on `day`: its size, the week, slow growth, and the launch."""
    growth = 1.12 - 0.0025 * days_ago
    return banner.visitors * WEEK[day.weekday()] * growth * _launched(banner, days_ago)


def _launched(banner: Banner, days_ago: int) -> float:
    if banner is not LAUNCHED:
        return 1.0
    age = LAUNCH_DAYS_AGO - days_ago
    return 0.0 if age < 0 else 1 / (1 + exp((9 - age) / 2.5))


def lost(event_type: str, banner_tag: str, days_ago: int) -> bool:
    """Whether an event never reached the collector because the page's pixel was broken that day."""
    return days_ago == BROKEN_DAYS_AGO and banner_tag == BROKEN.tag and event_type != "visit"


_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.")  # set aside for documentation: nobody's addresses
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
)
_AGENT_WEIGHTS = (30, 26, 24, 9, 6, 5)
BURST_AGENT = (
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.88 Safari/537.36"
)


@dataclass(frozen=True)
class Visitor:
    """A browser that came over a banner: its key at the site, the click that brought it, where it is and what it is."""

    key: str
    click: str
    source_ip: str
    user_agent: str


def new_visitor(rng: Random) -> Visitor:
    """Return somebody not seen before."""
    return Visitor(
        visitor_key(rng),
        click_id(rng),
        f"{rng.choice(_NETWORKS)}{rng.randint(1, 254)}",
        rng.choices(_AGENTS, _AGENT_WEIGHTS)[0],
    )


def burst_visitor(rng: Random) -> Visitor:
    """Return one of the burst: always a new key, always the same old browser at one of four addresses."""
    return Visitor(visitor_key(rng), click_id(rng), f"198.51.100.{rng.randint(200, 203)}", BURST_AGENT)


def visitor_key(rng: Random) -> str:
    """Return a first-party visitor key as `pixels.js` makes them: `v-` and a random UUID."""
    bits = f"{rng.getrandbits(128):032x}"
    return f"v-{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"


def click_id(rng: Random) -> str:
    """Return a click id of an affiliate."""
    return f"clickID{rng.randint(100_000_000, 999_999_999)}"
