"""Money of a range: exact, by currency, and signed amounts apart from what anybody could have sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter, NoSnapshot
from tests.sample_warehouse import Event, SampleWarehouse, deposit
from tests.unit.pixels.sample_events import History, histories

NOVEMBER = ("2026-11-01", "2026-11-30")
COLUMNS = (
    "currency", "transactions", "amount", "signed_transactions", "signed_amount", "signed_share",
    "unverified_transactions", "unverified_amount",
)  # fmt: skip


def euros(amount: str, player: str = "p", when: str = "2026-11-05T10:00", **more: str) -> Event:
    """A deposit of some euros."""
    return deposit(player, more.pop("banner", "brandA"), when, amount=amount, currency="EUR", **more)


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two currencies, a retry on the next day, a deposit without an amount."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home, "Europe/Berlin").publish(
        euros("0.1", _key="k"),
        euros("0.2", _key="k", banner="brandB"),
        euros("99.7"),
        deposit("p", "brandA", "2026-11-05T11:00", amount="5000", currency="JPY"),
        deposit("p", "brandA", "2026-11-05T22:59", amount="10", currency="USD", txid="t", _key="k"),
        deposit("p", "brandA", "2026-11-06T10:00", amount="10", currency="USD", txid="t", _key="k"),
        deposit("p", "brandA", "2026-11-06T10:00", _key="k"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_each_currency_has_a_row_with_its_signed_share(wh: Warehouse) -> None:
    """Tenths add up exactly; currencies are never added up; deposits without an amount are the last row."""
    assert wh.money(*NOVEMBER).rows() == [
        ("EUR", 3, Decimal("100.0"), 2, Decimal("0.3"), 0.003, 1, Decimal("99.7")),
        ("JPY", 1, Decimal(5000), 0, Decimal(0), 0.0, 1, Decimal(5000)),
        ("USD", 1, Decimal(10), 1, Decimal(10), 1.0, 0, Decimal(0)),
        (None, 1, None, 1, None, None, 0, None),
    ]


def test_a_transaction_has_one_day_and_one_banner(wh: Warehouse) -> None:
    """Sent again the next day, it counts on the first; banners that are named have theirs alone."""
    assert wh.money("2026-11-06", "2026-11-06")["currency"].to_list() == [None]
    assert wh.money(*NOVEMBER, banner="brandB").select("currency", "amount").rows() == [("EUR", Decimal("0.2"))]
    assert wh.money(*NOVEMBER, banner=["brandA", "brandB"]).equals(wh.money(*NOVEMBER))
    assert wh.money(*NOVEMBER, banner="' OR true --").is_empty()


def test_money_is_split_by_any_dimension(wh: Warehouse) -> None:
    """By banner, and by what the deposit itself carries: the dimension comes first, and no value last."""
    by_banner, by_txid = wh.money(*NOVEMBER, by="banner_tag"), wh.money(*NOVEMBER, by="metadata.txid")

    assert tuple(by_banner.columns) == ("banner_tag", *COLUMNS)
    assert by_banner.select("banner_tag", "currency", "amount", "signed_share").rows() == [
        ("brandA", "EUR", Decimal("99.8"), pytest.approx(0.1 / 99.8)),
        ("brandA", "JPY", Decimal(5000), 0.0),
        ("brandA", "USD", Decimal(10), 1.0),
        ("brandA", None, None, None),
        ("brandB", "EUR", Decimal("0.2"), 1.0),
    ]
    assert by_txid.select("metadata.txid", "currency", "transactions").rows() == [
        ("t", "USD", 1),
        (None, "EUR", 3),
        (None, "JPY", 1),
        (None, None, 1),
    ]
    assert wh.money(*NOVEMBER, by="affiliate").drop("affiliate").equals(wh.money(*NOVEMBER))


def test_key_figures_count_transactions_and_days_apart(wh: Warehouse) -> None:
    """Six transactions of one player fall on two days."""
    figures = wh.kpis(*NOVEMBER).row(0, named=True)

    assert (figures["deposit_days"], figures["deposit_transactions"]) == (2, 6)


def test_no_deposit_is_no_row_of_the_same_types(wh: Warehouse) -> None:
    """An empty answer has the columns and types of any other."""
    assert wh.money("2020-01-01", "2020-01-01").schema == wh.money(*NOVEMBER).schema
    assert wh.money("2020-01-01", "2020-01-01").is_empty()
    assert wh.money(*NOVEMBER).schema["amount"] == pl.Decimal(38, 4)
    assert tuple(wh.money(*NOVEMBER).columns) == COLUMNS


def test_nothing_is_lost_beyond_the_digits_of_a_float_or_of_one_amount(tmp_path: Path) -> None:
    """Sums are wider than amounts: 30 of the largest amount that can be sent, exact to the last digit."""
    largest = "99999999999999.9999"
    SampleWarehouse(tmp_path).publish(*(euros(largest, _key="k") for _ in range(30)))

    with pixels.open(tmp_path) as wh:
        assert wh.money(*NOVEMBER)["signed_amount"].to_list() == [30 * Decimal(largest)]


def test_an_amount_of_zero_has_no_share(tmp_path: Path) -> None:
    """Of nothing, no part is signed: null, and neither 0 nor 1."""
    SampleWarehouse(tmp_path).publish(euros("0", _key="k"))

    with pixels.open(tmp_path) as wh:
        assert wh.money(*NOVEMBER).select("amount", "signed_amount", "signed_share").row(0) == (0, 0, None)


def test_snapshots_of_before_have_no_transactions(tmp_path: Path) -> None:
    """Their key figures say null and not 0; their money cannot be told, which is said."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(euros("1"))
    sample.publish_again(schema_version=2)

    with pixels.open(tmp_path) as wh:
        kpis = wh.kpis(*NOVEMBER)
        assert kpis.schema["deposit_transactions"] == pl.Int64
        assert kpis["deposit_transactions"].to_list() == [None]
        with pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
            wh.money(*NOVEMBER)


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [
        ("start", ("yesterday", "2026-11-02")),
        ("end", ("2026-11-02", "2026-11-01")),
        ("banner", (*NOVEMBER, 1)),
        ("per", (*NOVEMBER, None, None, "week")),
    ],
)
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, asked: tuple[str, ...]) -> None:
    """What is no day, no range or no banner raises BadParameter."""
    with pytest.raises(BadParameter) as raised:
        wh.money(*asked)

    assert raised.value.parameter == parameter


amounts = st.integers(0, 10**18 - 1).map(lambda units: str(Decimal(units).scaleb(-4)))
of_money = st.fixed_dictionaries({"amount": amounts, "currency": st.sampled_from(("EUR", "JPY"))})
of_transaction = st.fixed_dictionaries({}, optional={"txid": st.sampled_from(("t1", "t2")), "_key": st.just("k")})


@settings(max_examples=15)
@given(history=histories(), data=st.data())
def test_money_equals_what_is_added_up_in_plain_python(history: History, data: st.DataObject) -> None:
    """Sums by currency and the number of transactions of a range, against a loop over the deposits."""
    events = []
    for event in history.events:
        sent = data.draw(of_transaction) | data.draw(st.one_of(st.just({}), of_money))
        events.append(replace(event, metadata=sent if event.event_type == "deposit" else {}))
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*events)
        with pixels.open(folder) as wh:
            found, kpis = wh.money(*days), wh.kpis(*days)
            split = [(by, wh.money(*days, by=by)) for by in ("banner_tag", "metadata.txid")]
            per_day = [(by, wh.money(*days, by=by, per="day")) for by in ("banner_tag", "metadata.txid")]

    counted = list(transactions_of(events, history.time_zone, days))
    for by, frame in per_day:
        assert frame.columns == ["event_date", by, *COLUMNS]
        for day in {event.day(history.time_zone) for event in counted}:
            of_day = [event for event in counted if event.day(history.time_zone) == day]
            rows = frame.filter(pl.col("event_date") == day).drop("event_date").to_dicts()
            assert {(row.pop(by), row["currency"]): row for row in rows} == expected_by(of_day, by)
        assert frame["transactions"].sum() == len(counted)
    for by, frame in split:
        assert {(row.pop(by), row["currency"]): row for row in frame.to_dicts()} == expected_by(counted, by)
    assert kpis["deposit_transactions"].to_list() == [len(counted)]
    assert {row["currency"]: row for row in found.iter_rows(named=True)} == expected(counted)


def transactions_of(events: list[Event], time_zone: str, days: tuple[date, date]) -> Iterator[Event]:
    """Every transaction of the days by the event that stands for it."""
    deposits = [event for event in events if event.event_type == "deposit"]
    every_day = [days[0] + timedelta(days=number) for number in range((days[1] - days[0]).days + 1)]
    for one in deposits:
        same = [other for other in deposits if other is one or is_same_transaction(one, other)]
        first = min(same, key=lambda event: ("_key" not in event.metadata, event.created_at, event.id))
        if first is one and one.day(time_zone) in every_day:
            yield one


def is_same_transaction(one: Event, other: Event) -> bool:
    """Whether two deposits name the same transaction of one player."""
    return (one.player_id, one.metadata.get("txid")) == (other.player_id, other.metadata.get("txid", ""))


def expected_by(transactions: list[Event], by: str) -> dict[tuple[str | None, str | None], dict[str, object]]:
    """Add up the amounts of each value of the dimension and currency."""
    values = {e: e.banner_tag if by == "banner_tag" else e.metadata.get("txid") for e in transactions}
    return {
        (value, currency): row
        for value in set(values.values())
        for currency, row in expected([e for e in transactions if values[e] == value]).items()
    }


def expected(transactions: list[Event]) -> dict[str | None, dict[str, object]]:
    """Add up amounts of decimals by currency."""
    rows: dict[str | None, dict[str, object]] = {}
    for currency in {event.metadata.get("currency") for event in transactions}:
        of_it = [event for event in transactions if event.metadata.get("currency") == currency]
        signed = [event for event in of_it if "_key" in event.metadata]
        whole, money = (sum(Decimal(e.metadata.get("amount", 0)) for e in some) for some in (of_it, signed))
        amounts = (whole, money, whole - money) if currency else (None, None, None)
        share = float(money) / float(whole) if whole else None
        values = (
            currency,
            len(of_it),
            amounts[0],
            len(signed),
            amounts[1],
            share,
            len(of_it) - len(signed),
            amounts[2],
        )
        rows[currency] = dict(zip(COLUMNS, values, strict=True))
    return rows
