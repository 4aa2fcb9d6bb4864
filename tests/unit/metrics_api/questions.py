"""A published history, and one question for every endpoint of the table; what the library says to each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import polars as pl

from pixels import Warehouse
from tests.sample_warehouse import SampleWarehouse, deposit, registration, visit

HOSTILE = "=cmd|'/C calc'!A0 <img/src=x> a/b?c#d%00 \u202e\u00e9"
"""A banner tag that is a formula to a spreadsheet, HTML to a browser, and no path."""
FROM, TO = "2026-11-01", "2026-11-21"
EVENT_ID = "an/event?id=1%"
NOVEMBER = f"from={FROM}&to={TO}"


@dataclass(frozen=True)
class Question:
    """What is asked of the API, and the same asked of the library."""

    path: str
    query: str
    of_library: Callable[[Warehouse], pl.DataFrame]

    @property
    def address(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}"


def trend_of_visits(warehouse: Warehouse) -> pl.DataFrame:
    """Count the visits of every day, one day after the other."""
    counts = {
        row["event_date"]: row["count"]
        for row in warehouse.metrics(FROM, TO).to_dicts()
        if row["event_type"] == "visit"
    }
    days = pl.select(pl.date_range(pl.date(2026, 11, 1), pl.date(2026, 11, 21))).to_series().to_list()
    rows = [{"event_date": day, "event_type": "visit", "count": counts.get(day, 0)} for day in days]
    return pl.DataFrame(rows, schema_overrides={"event_date": pl.Date})


QUESTIONS = {
    question.path: question
    for question in (
        Question("/api/metrics", NOVEMBER, lambda wh: wh.metrics(FROM, TO)),
        Question(
            "/api/summary",
            f"{NOVEMBER}&banner=brandA&banner={quote(HOSTILE)}",
            lambda wh: wh.summary(FROM, TO, ["brandA", HOSTILE]),
        ),
        Question("/api/banners", NOVEMBER, lambda wh: wh.banners(FROM, TO)),
        Question("/api/kpis", NOVEMBER, lambda wh: wh.kpis(FROM, TO)),
        Question("/api/hours", f"from={FROM}&to={FROM}", lambda wh: wh.hours(FROM)),
        Question(
            "/api/compare",
            "from=2026-11-09&to=2026-11-11&against=weekday",
            lambda wh: wh.compare("2026-11-09", "2026-11-11", against="weekday"),
        ),
        Question("/api/today", "", lambda wh: wh.today()),
        Question("/api/costs", NOVEMBER, lambda wh: wh.costs(FROM, TO)),
        Question("/api/money", NOVEMBER, lambda wh: wh.money(FROM, TO)),
        Question("/api/trends/visit", NOVEMBER, trend_of_visits),
        Question(
            f"/api/campaigns/{quote(HOSTILE, safe='')}",
            NOVEMBER,
            lambda wh: wh.summary(FROM, TO, HOSTILE).drop("banner_tag"),
        ),
        Question(
            "/api/conversion-rates",
            f"{NOVEMBER}&by=banner_tag&credit=registration",
            lambda wh: wh.conversions(FROM, TO, by="banner_tag", credit="registration"),
        ),
        Question(
            "/api/funnel",
            f"{NOVEMBER}&steps=visit&steps=deposit&window=3d&order=strict&entrants=new&by=banner_tag",
            lambda wh: wh.funnel(
                FROM, TO, window="3d", order="strict", entrants="new", by="banner_tag", steps=("visit", "deposit")
            ),
        ),
        Question(
            "/api/compare-banners",
            f"{NOVEMBER}&credit=registration",
            lambda wh: wh.compare_banners(FROM, TO, credit="registration"),
        ),
        Question(
            "/api/cohorts",
            f"{NOVEMBER}&by=week&periods=3",
            lambda wh: wh.cohorts(FROM, TO, by="week", periods=3),
        ),
        Question(
            "/api/anomalies",
            f"{NOVEMBER}&everything=true&false_discoveries=0.1",
            lambda wh: wh.anomalies(FROM, TO, everything=True, false_discoveries=0.1),
        ),
        Question(
            "/api/time-to-convert",
            f"{NOVEMBER}&conversion=registration&within=3d",
            lambda wh: wh.time_to_convert(FROM, TO, "registration", within="3d"),
        ),
        Question(
            "/api/forecast",
            f"{NOVEMBER}&conversion=registration&within=12h&learn=3",
            lambda wh: wh.forecast(FROM, TO, "registration", within="12h", learn=3),
        ),
        Question(
            "/api/forecast/backtest",
            f"{NOVEMBER}&conversion=registration&within=12h",
            lambda wh: wh.forecast_backtest(FROM, TO, "registration", within="12h"),
        ),
        Question(
            "/api/accounting",
            f"{NOVEMBER}&type=visit&banner=brandA",
            lambda wh: wh.accounting(FROM, TO, "visit", "brandA"),
        ),
        Question("/api/runs", "number=5", lambda wh: wh.runs(5)),
        Question("/api/refused", NOVEMBER, lambda wh: wh.refused(FROM, TO)),
        Question(
            "/api/what-if",
            f"{NOVEMBER}&rule=per_event&banner={quote(HOSTILE)}",
            lambda wh: wh.what_if("per_event", FROM, TO, banner=HOSTILE),
        ),
        Question("/api/why", f"date={FROM}&type=visit", lambda wh: wh.why(FROM, "visit")),
        Question("/api/transactions", f"{NOVEMBER}&banner=brandA", lambda wh: wh.transactions(FROM, TO, "brandA")),
        Question("/api/segments", f"on={TO}&lapsed_after=7", lambda wh: wh.segments(TO, 7)),
        Question(
            "/api/funnel/players",
            f"{NOVEMBER}&step=2&dropped=true&window=3d&banner=brandA",
            lambda wh: wh.funnel_players(2, FROM, TO, window="3d", banner="brandA", dropped=True),
        ),
        Question(
            "/api/segments/lapsed/players", f"on={TO}&lapsed_after=7", lambda wh: wh.segment_players("lapsed", TO, 7)
        ),
        Question(f"/api/events/{quote(EVENT_ID, safe='')}", f"since={FROM}", lambda wh: wh.event(EVENT_ID, FROM)),
        Question("/api/players/p1", f"since={FROM}&until={TO}", lambda wh: wh.player("p1", FROM, TO)),
    )
}


VARIANTS = {
    question.address: question
    for question in (
        Question("/api/metrics", f"{NOVEMBER}&per=week", lambda wh: wh.metrics(FROM, TO, per="week")),
        Question(
            "/api/summary", f"{NOVEMBER}&by=site&per=month", lambda wh: wh.summary(FROM, TO, by="site", per="month")
        ),
        Question("/api/banners", f"{NOVEMBER}&by=metadata.txid", lambda wh: wh.banners(FROM, TO, by="metadata.txid")),
        Question(
            "/api/kpis",
            f"{NOVEMBER}&by=affiliate&credit=registration",
            lambda wh: wh.kpis(FROM, TO, by="affiliate", credit="registration"),
        ),
        Question(
            "/api/time-to-convert",
            f"{NOVEMBER}&by=banner_tag&within=48h",
            lambda wh: wh.time_to_convert(FROM, TO, by="banner_tag", within="48h"),
        ),
        Question(
            "/api/what-if",
            f"{NOVEMBER}&rule=first_ever&by=site&per=day",
            lambda wh: wh.what_if("first_ever", FROM, TO, by="site", per="day"),
        ),
        Question(
            "/api/compare-banners",
            f"{NOVEMBER}&by=affiliate&measure=deposit_rate",
            lambda wh: wh.compare_banners(FROM, TO, by="affiliate", measure="deposit_rate"),
        ),
        Question("/api/money", f"{NOVEMBER}&by=affiliate", lambda wh: wh.money(FROM, TO, by="affiliate")),
        Question("/api/money", f"{NOVEMBER}&per=day", lambda wh: wh.money(FROM, TO, per="day")),
        Question("/api/costs", f"{NOVEMBER}&by=campaign", lambda wh: wh.costs(FROM, TO, by="campaign")),
        Question("/api/conversion-rates", f"{NOVEMBER}&per=day", lambda wh: wh.conversions(FROM, TO, per="day")),
        Question(
            "/api/conversion-rates", f"{NOVEMBER}&by=metadata.s", lambda wh: wh.conversions(FROM, TO, by="metadata.s")
        ),
        Question(
            "/api/funnel",
            f"{NOVEMBER}&by=name&window=1d&window=2d",
            lambda wh: wh.funnel(FROM, TO, by="name", window=["1d", "2d"]),
        ),
    )
}
"""Other questions of the same endpoints, by address."""


def publish(folder: Path) -> SampleWarehouse:
    """Publish a history in which every question has an answer with rows."""
    sample = SampleWarehouse(folder, "Europe/Berlin")
    sample.refused[visit("x", "x", f"{FROM}T10:00").created_at.date(), "missing_banner_tag"] = 3
    sample.publish(
        visit("v-1", HOSTILE, "2026-11-01T09:00"),
        replace(visit("p1", "brandA", "2026-11-01T10:00"), id=EVENT_ID),
        visit("p1", "brandA", "2026-11-01T11:00"),
        visit("p2", "+brandB", "2026-11-01T12:00"),
        registration("p1", HOSTILE, "2026-11-02T10:00", s="v-1"),
        deposit("p1", "brandA", "2026-11-03T10:00", txid="t1", amount="10.5", currency="EUR", _key="shop"),
        visit("p3", "brandA", "2026-11-05T10:00"),
        deposit("p3", HOSTILE, "2026-11-06T10:00"),
    )
    return sample
