"""Somebody else's log beside ours: which rows are which, what is left on either side, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from pixels.plots.reconciliation import LABELS
from pixels.reconciliation.columns import check_columns
from pixels.reconciliation.result import Reconciliation
from pixels.reconciliation.words import MEANINGS
from tests.sample_warehouse import Event, SampleWarehouse, at, counted, deposit, registration
from tests.unit.pixels.test_plots import columns, rendered

FIRST = date(2026, 11, 1)
DAYS = ("2026-11-01", "2026-11-04")
SETTINGS = settings(max_examples=40)


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Registrations of a few players over two banners that are asked for and one that is not, and two deposits."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(
        registration("p1", "a", "2026-11-01T10:00"),
        registration("p1", "a", "2026-11-01T11:00"),
        registration("p2", "b", "2026-11-01T10:00"),
        registration("p3", "a", "2026-11-02T23:30"),
        registration("p4", "z", "2026-11-02T09:12"),
        registration("p5", "a", "2026-11-02T09:12"),
        deposit("p1", "a", "2026-11-02T09:12", txid="t1", amount="10.50", currency="EUR", _key="shop"),
        deposit("p1", "a", "2026-11-02T09:13", txid="t2", amount="0.1", currency="EUR"),
        complete_until=at("2026-11-05T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


@pytest.fixture
def their_file(tmp_path: Path) -> Path:
    return tmp_path / "theirs.csv"


def sums(found: Reconciliation) -> dict[str, int]:
    return found.summary.row(0, named=True)


def told(found: Reconciliation) -> list[tuple[str, str, int | None]]:
    return found.details.select("verdict", "explanation", "their_row").rows()


def check_sums(found: Reconciliation) -> dict[str, int]:
    """Both sums add up, and so do the reasons and the details."""
    total = sums(found)
    assert total["theirs"] == total["matched"] + total["missing"] + total["different"]
    assert total["ours"] == total["matched"] + total["extra"] + total["different"]
    for frame in (found.reasons, found.details):
        by_verdict = Counter[str]()
        for verdict, number in frame.select("verdict", "count").iter_rows():
            by_verdict[verdict] += number
        assert +by_verdict == +Counter({verdict: total[verdict] for verdict in ("missing", "extra", "different")})
    return total


# -- the oracle: one row after the other, as the documentation says it --

Theirs = tuple[str, date, str]
"""Player, day, banner."""


def oracle(theirs: list[Theirs], ours: list[Theirs]) -> dict[int, int]:
    """Which row of theirs is which event of ours: equal ones first, then the same day, then the day beside."""
    found: dict[int, int] = {}
    stages: list[tuple[bool, int]] = [(True, 0), (False, 0), (True, 1), (True, -1), (False, 1), (False, -1)]
    for same_banner, shift in stages:
        for number, (player, day, banner) in enumerate(theirs):
            if number in found:
                continue
            for event, (our_player, our_day, our_banner) in enumerate(ours):
                is_same = player == our_player and our_day - day == timedelta(days=shift)
                if is_same and event not in found.values() and (our_banner == banner or not same_banner):
                    found[number] = event
                    break
    return found


days = st.integers(0, 3).map(lambda number: FIRST + timedelta(days=number))
rows = st.tuples(st.sampled_from(["p1", "p2", "v-1"]), days, st.sampled_from(["a", "b"]))
instants = st.integers(0, 4 * 24 * 4 - 1).map(lambda quarter: at("2026-11-01T00:00") + timedelta(minutes=15 * quarter))
events = st.builds(
    Event,
    event_type=st.just("registration"),
    player_id=st.sampled_from(["p1", "p2", "v-1"]),
    banner_tag=st.sampled_from(["a", "b", "z"]),
    created_at=instants,
)


@SETTINGS
@given(
    theirs=st.lists(rows, max_size=12),
    history=st.lists(events, max_size=12),
    zone=st.sampled_from(["UTC", "Asia/Tokyo"]),
)
def test_rows_are_paired_as_written_down(theirs: list[Theirs], history: list[Event], zone: str) -> None:
    """Row by row the same as by the plainest reading, with rows and players that stand there several times."""
    ours = [
        (event.player_id, event.day(zone), event.banner_tag)
        for event in sorted(counted(history, zone), key=lambda event: event.order)
        if event.banner_tag in ("a", "b") and str(event.day(zone)) in "2026-11-01 2026-11-02 2026-11-03 2026-11-04"
    ]
    expected = oracle(theirs, ours)
    frame = pl.DataFrame(theirs, schema={"player": pl.String, "day": pl.Date, "banner": pl.String}, orient="row")
    with TemporaryDirectory() as home:
        SampleWarehouse(Path(home), time_zone=zone).publish(*history)
        with pixels.open(home) as warehouse:
            found = warehouse.reconcile(frame, "registration", *DAYS, banner=["a", "b"])
    total = check_sums(found)
    missing = {number + 1 for number in range(len(theirs))} - {number + 1 for number in expected}
    assert set(found.details.filter(pl.col("verdict") == "missing")["their_row"]) == missing
    assert total["matched"] == sum(theirs[row] == ours[event] for row, event in expected.items())
    assert (total["theirs"], total["ours"]) == (len(theirs), len(ours))
    different = found.details.filter(pl.col("verdict") == "different")
    assert {
        (row - 1, (player, day, banner))
        for row, player, day, banner in different.select(
            "their_row", "our_player_id", "our_date", "our_banner_tag"
        ).iter_rows()
    } == {(row, ours[event]) for row, event in expected.items() if theirs[row] != ours[event]}


@SETTINGS
@given(
    theirs=st.lists(st.tuples(days, st.sampled_from(["a", "b"]), st.integers(0, 5)), max_size=8),
    history=st.lists(events, max_size=12),
)
def test_counts_are_compared_day_by_day(theirs: list[tuple[date, str, int]], history: list[Event]) -> None:
    """Of each day and banner the smaller number is matched; days that stand there twice are summed."""
    wanted, ours = Counter[tuple[date, str]](), Counter[tuple[date, str]]()
    for day, banner, number in theirs:
        wanted[day, banner] += number
    for event in counted(history, "UTC"):
        if event.banner_tag in ("a", "b"):
            ours[event.day("UTC"), event.banner_tag] += 1
    frame = pl.DataFrame(theirs, schema={"Day": pl.Date, "Banner tag": pl.String, "Count": pl.Int64}, orient="row")
    with TemporaryDirectory() as home:
        SampleWarehouse(Path(home)).publish(*history)
        with pixels.open(home) as warehouse:
            found = warehouse.reconcile(frame, "registration", *DAYS, banner=["a", "b"])
            assert found.summary["ours"].item() == warehouse.summary(*DAYS, banner=["a", "b"])["count"].sum()
    total = check_sums(found)
    assert total["matched"] == (wanted & ours).total()
    assert total["missing"] == (wanted - ours).total()
    assert total["extra"] == (ours - wanted).total()


def test_each_difference_has_its_reason(wh: Warehouse) -> None:
    """One row of each kind."""
    frame = pl.DataFrame(
        [
            ("2026-11-01", "a", "p1"),
            ("2026-11-01", "a", "p1"),
            ("2026-11-01", "a", "p2"),
            ("2026-11-03", "a", "p3"),
            ("2026-11-02", "a", "p4"),
            ("x", "a", "p9"),
            ("2026-11-05", "b", "p10"),
            ("2026-11-01", "a", "p11"),
        ],
        schema=["Date", "Banner Tag", "player_id"],
        orient="row",
    )
    found = wh.reconcile(frame, "registration")
    assert check_sums(found) == {"theirs": 8, "ours": 4, "matched": 1, "missing": 5, "extra": 1, "different": 2}
    assert told(found) == [
        ("missing", "counted_once", 2),
        ("different", "other_banner", 3),
        ("different", "other_time_zone", 4),
        ("missing", "other_banner", 5),
        ("missing", "unreadable_row", 6),
        ("missing", "after_the_data", 7),
        ("missing", "never_received", 8),
        ("extra", "not_in_their_log", None),
    ]
    because = found.details["because"].to_list()
    assert because[0] == "already counted at 2026-11-01 10:00:00 UTC for banner a"
    assert because[3] == "we counted it for banner z at 2026-11-02 09:12:00 UTC"
    assert because[4] == "the day x cannot be read"


def test_a_file_without_banners_asks_for_some(wh: Warehouse) -> None:
    """Ours are those of the banners that are named; what another one counted is missing, with its name."""
    frame = pl.DataFrame({"player": ["p1", "p4"], "day": ["2026-11-01", "2026-11-02"]})
    found = wh.reconcile(frame, "registration", banner="a")
    assert told(found)[0] == ("missing", "other_banner", 2)
    assert check_sums(found)["ours"] == 3
    assert check_sums(wh.reconcile(frame, "registration"))["ours"] == 5


def test_players_without_days_count_once(wh: Warehouse) -> None:
    """Whoever registered within the days is in both, on whatever day."""
    found = wh.reconcile(pl.DataFrame({"player": ["p1", "p3", "nobody"]}), "registration", *DAYS)
    assert check_sums(found) == {"theirs": 3, "ours": 5, "matched": 2, "missing": 1, "extra": 3, "different": 0}


@pytest.mark.parametrize("amount", ["10.50", "1.2,3", "1.0.50", "..", "1.23,4", "1000.000,5", "10,50,1"])
def test_a_point_that_groups_no_thousands_is_not_guessed_away(wh: Warehouse, amount: str) -> None:
    """With a comma before the decimals 10.50 is not 1050: such a row cannot be read."""
    frame = pl.DataFrame({"day": ["2026-11-02"], "txid": ["t1"], "amount": [amount], "currency": ["EUR"]})

    found = wh.reconcile(frame, "deposit", decimal=",")

    assert found.details.filter(their_row=1)["explanation"].to_list() == ["unreadable_row"]


@pytest.mark.parametrize("amount", ["1.234.567,5", "1234567,50", "1.234.567,5000"])
def test_thousands_can_be_grouped_by_points(tmp_path: Path, amount: str) -> None:
    """Where a comma stands before the decimals."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(deposit("p1", "a", "2026-11-02T09:12", txid="t1", amount="1234567.5", currency="EUR"))
    frame = pl.DataFrame({"day": ["2026-11-02"], "txid": ["t1"], "amount": [amount], "currency": ["EUR"]})

    with pixels.open(sample.home) as warehouse:
        assert sums(warehouse.reconcile(frame, "deposit", decimal=","))["matched"] == 1


@pytest.mark.parametrize("amounts", [[10.5, 0.1], [Decimal("10.50"), Decimal("0.10")]])
def test_amounts_that_are_numbers_have_no_decimal_sign(wh: Warehouse, amounts: list[object]) -> None:
    """`decimal` says how a text is written; in Parquet 10.5 is 10.5 whatever it says."""
    frame = pl.DataFrame({"day": ["2026-11-02"] * 2, "txid": ["t1", "t2"], "amount": amounts, "currency": ["EUR"] * 2})

    assert sums(wh.reconcile(frame, "deposit", decimal=","))["matched"] == 2


def test_ids_and_counts_that_became_floats_are_whole_numbers_again(tmp_path: Path) -> None:
    """A column of numbers with a gap in it is one of floats in pandas: player 123 is not 123.0."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(registration("123", "7", "2026-11-02T09:12"), registration("1.5", "7", "2026-11-02T09:12"))
    of_players = pl.DataFrame({"day": ["2026-11-02"] * 3, "player": [123.0, None, 1.5]})
    of_counts = pl.DataFrame({"day": ["2026-11-02"], "banner": [7.0], "count": [2.0]})

    with pixels.open(sample.home) as warehouse:
        assert sums(warehouse.reconcile(of_players, "registration"))["matched"] == 2
        assert sums(warehouse.reconcile(of_counts, "registration"))["matched"] == 2


def test_transactions_are_compared_to_the_last_decimal(wh: Warehouse) -> None:
    """0.10 is 0.1 exactly; another amount and another currency are told with ours beside."""
    frame = pl.DataFrame({"txid": ["t1", "t2"], "amount": ["10.51", "0.1000"], "currency": ["EUR", "eur"]})
    found = wh.reconcile(frame, "deposit", *DAYS)
    assert check_sums(found) == {"theirs": 2, "ours": 2, "matched": 1, "missing": 0, "extra": 0, "different": 1}
    (row,) = found.details.to_dicts()
    assert (row["explanation"], row["amount"], row["our_amount"]) == ("other_amount", Decimal("10.51"), Decimal("10.5"))
    assert row["because"] == "ours is 10.5000 EUR"


def test_a_transaction_of_another_player_is_told(wh: Warehouse) -> None:
    """The id is what tells one transaction from another."""
    found = wh.reconcile(pl.DataFrame({"txid": ["t1"], "player": ["p2"]}), "deposit", *DAYS)
    assert told(found)[0] == ("different", "other_player_id", 1)


def test_a_transaction_counted_on_a_day_that_was_not_asked_for_is_found(wh: Warehouse) -> None:
    """Its id is looked for on all days."""
    frame = pl.DataFrame({"txid": ["t1"], "day": [date(2026, 10, 20)]})
    found = wh.reconcile(frame, "deposit")
    assert found.details.select("explanation", "our_date").rows() == [("other_day", date(2026, 11, 2))]


@pytest.mark.parametrize(
    ("time", "zone", "day"),
    [
        ("2026-11-02T23:30:00Z", None, 2),
        ("2026-11-02 23:30", None, 2),
        ("2026-11-03 00:30:00.5", "Europe/Berlin", 2),
        ("2026-11-03T00:30:00+01:00", "Asia/Tokyo", 2),
        ("2026-11-03 00:30:00+01", None, 2),
        ("2026-11-03 00:30", None, 3),
    ],
)
def test_times_are_of_a_day_of_ours(wh: Warehouse, time: str, zone: str | None, day: int) -> None:
    """With an offset as they say, without one on the clock that is named."""
    frame = pl.DataFrame({"player": ["p3"], "time": [time]})
    found = wh.reconcile(frame, "registration", "2026-11-02", "2026-11-04", time_zone=zone)
    assert sums(found)["matched"] == (day == 2)


def test_days_of_another_calendar_are_counted_in_it(wh: Warehouse) -> None:
    """23:30 of the second is the third in Berlin; told so, nothing differs."""
    frame = pl.DataFrame({"player": ["p3"], "day": ["03.11.2026"], "banner": ["a"]})
    found = wh.reconcile(frame, "registration", time_zone="Europe/Berlin", date_format="%d.%m.%Y")
    assert check_sums(found) == {"theirs": 1, "ours": 1, "matched": 1, "missing": 0, "extra": 0, "different": 0}


CSV = b"player;day;banner\np1;2026-11-01;a\np2;2026-11-01;b\n"


@pytest.mark.parametrize(
    "written",
    [
        CSV,
        b"\xef\xbb\xbf" + CSV,
        CSV.replace(b"\n", b"\r\n"),
        CSV.replace(b";", b","),
        CSV.replace(b";", b"\t"),
        CSV.replace(b"p1", b'" p1 "'),
        CSV.replace(b"player", b'"Player-ID"'),
        CSV[:-1],
    ],
)
def test_csv_is_read_however_spreadsheets_write_it(wh: Warehouse, their_file: Path, written: bytes) -> None:
    """Byte order mark, line ends, separators, quotes and white space."""
    their_file.write_bytes(written)
    assert sums(wh.reconcile(their_file, "registration"))["matched"] == 2
    assert sums(wh.reconcile(str(their_file), "registration"))["matched"] == 2


def test_parquet_is_read(wh: Warehouse, tmp_path: Path) -> None:
    """With days and numbers as what they are; told by how the file begins."""
    file = tmp_path / "theirs.csv"
    pl.DataFrame({"day": [FIRST, FIRST], "banner": ["a", "b"], "count": [1, 3]}).write_parquet(file)
    assert check_sums(wh.reconcile(file, "registration"))["matched"] == 2


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"", "no first line"),
        (b"\n\n", "no first line"),
        (CSV.decode().encode("utf-16"), "UTF-16"),
        (CSV.replace(b"p1", b"\xfc"), "not UTF-8"),
        (CSV.replace(b"player", b"pl\xfcyer"), "not UTF-8"),
        (b"\x1f\x8b" + CSV, "unpack it"),
        (b"PK\x03\x04" + CSV, "CSV UTF-8"),
        (b"\0\0\0\0", "neither CSV nor Parquet"),
        (b"a" * 100_000, "names no columns"),
        (CSV + b"p;2026-11-01;a;b;c\n", "as many cells"),
        (b"player,player\n1,2\n", "more than once"),
        (b"PAR1, but none", "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_with_what_to_do(
    wh: Warehouse, their_file: Path, written: bytes, says: str
) -> None:
    """Never with a traceback of what reads it."""
    their_file.write_bytes(written)
    with pytest.raises(BadParameter, match=f"^file: .*{says}"):
        wh.reconcile(their_file, "registration", *DAYS)


def test_a_file_with_a_header_alone_says_that_they_have_nothing(wh: Warehouse, their_file: Path) -> None:
    """All of ours is extra; without days asked for, it takes them to be named."""
    their_file.write_text("player,day\n")
    assert check_sums(wh.reconcile(their_file, "registration", *DAYS))["extra"] == 5
    with pytest.raises(BadParameter, match="give start and end"):
        wh.reconcile(their_file, "registration")


def test_formulas_stay_text_and_lose_their_apostrophe(tmp_path: Path, their_file: Path) -> None:
    """As we hand out ids that begin like one."""
    SampleWarehouse(tmp_path).publish(
        registration("=1+1", "@a", "2026-11-01T10:00"), registration("'x", "@a", "2026-11-01T10:00")
    )
    their_file.write_text("player,banner,day\n'=1+1,'@a,2026-11-01\n'x,@a,2026-11-01\n")
    with pixels.open(tmp_path) as warehouse:
        assert sums(warehouse.reconcile(their_file, "registration"))["matched"] == 2


@pytest.mark.parametrize("cell", ["", "-1", "1,5", "1e3", "NaN", "99999999999999999999", "=1+1", "1.00001"])
def test_an_amount_that_is_none_makes_a_row_unreadable(wh: Warehouse, cell: str) -> None:
    """An empty cell says nothing; no number is rounded or guessed."""
    found = wh.reconcile(pl.DataFrame({"txid": ["t1"], "amount": [cell]}), "deposit", *DAYS)
    assert told(found)[0] == (("different", "other_amount", 1) if cell == "" else ("missing", "unreadable_row", 1))
    check_sums(found)


@pytest.mark.parametrize("cell", ["", "x", "1e3", "2026-13-01", "0001-01-01", "9999-12-31", "12345-01-01", "\0"])
def test_a_day_that_is_none_makes_a_row_unreadable(wh: Warehouse, cell: str) -> None:
    """It is missing here, and counts as theirs."""
    frame = pl.DataFrame({"player": ["p1"], "day": [cell]})
    assert told(wh.reconcile(frame, "registration", *DAYS))[0] == ("missing", "unreadable_row", 1)


def test_the_ends_of_the_calendar_can_be_asked_for(wh: Warehouse) -> None:
    """They have no day beside."""
    frame = pl.DataFrame({"player": ["nobody"], "day": ["2026-11-01"]})
    assert sums(wh.reconcile(frame, "registration", "0001-01-01", "9999-12-31", time_zone="Asia/Tokyo"))["extra"] == 5


def test_rows_of_other_days_and_banners_are_no_part_of_it(wh: Warehouse) -> None:
    """They are only counted."""
    frame = pl.DataFrame(
        {"player": ["p1", "p1", "p1"], "day": ["2026-11-01", "2026-10-01", "2026-11-01"], "banner": ["a", "a", "b"]}
    )
    found = wh.reconcile(frame, "registration", *DAYS, banner="a")
    assert (sums(found)["theirs"], found.outside) == (1, 2)


@pytest.mark.parametrize(
    ("has", "asked", "says"),
    [
        (
            ["when", "who"],
            {},
            r"columns: no column is a day, banner, .*the file has 'when', 'who'.*--column player=Customer",
        ),
        (["player"], {"columns": {"player": "Customer"}}, "no column 'Customer' for the player; it has 'player'"),
        (["player"], {"columns": {"gamer": "player"}}, "'gamer' is nothing that a column can say"),
        (["player", "Player ID"], {}, "'player', 'Player ID' could each be the player"),
        (["player", "count"], {}, "says how many"),
        (["player"], {"by": "day"}, "no column of the file is known to be the day; it has 'player'"),
        (["player"], {"by": ["person"]}, "'person' is not one of day, banner"),
        (["player"], {"by": []}, "name at least one"),
        (["player"], {"by": 7}, "no list"),
        (["player", "x"], {"columns": {"amount": "x"}}, "only a deposit has a amount"),
        (["player"], {"columns": {"player": "player", "banner": "player"}}, "a column says one"),
        (["player"], {"columns": "player"}, "no mapping"),
    ],
)
def test_columns_that_cannot_be_read_are_told_with_those_that_there_are(
    has: list[str], asked: dict[str, Any], says: str
) -> None:
    """Whoever sends the file need not know our names."""
    with pytest.raises(BadParameter, match=says):
        check_columns(has, "registration", asked.get("by"), asked.get("columns"))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"type": "click"}, "type: "),
        ({"time_zone": "Berlin"}, "time_zone: "),
        ({"date_format": "dd"}, "date_format: "),
        ({"date_format": "%Q"}, "date_format: "),
        ({"decimal": ";"}, "decimal: "),
        ({"banner": 7}, "banner: "),
        ({"start": "2026-11-02", "end": "2026-11-01"}, "end: "),
        ({"file": 7}, "file: "),
        ({"file": "/nowhere.csv"}, "file: there is no file"),
        ({"file": "a\0b"}, "file: "),
    ],
)
def test_a_question_that_is_none_is_refused(wh: Warehouse, asked: dict[str, Any], says: str) -> None:
    """With the name of the parameter."""
    question: dict[str, Any] = {
        "file": pl.DataFrame({"player": ["p1"], "day": ["2026-11-01"]}),
        "type": "registration",
    } | asked
    with pytest.raises(BadParameter, match=f"^{says}"):
        wh.reconcile(**question)


def test_an_empty_warehouse_misses_all(tmp_path: Path) -> None:
    """Nothing was received, which is said of each row."""
    SampleWarehouse(tmp_path).publish_again(complete_until=at("2026-11-05T12:00"))
    with pixels.open(tmp_path) as warehouse:
        rows_of_it = pl.DataFrame({"player": ["p1"], "day": ["2026-11-01"], "banner": ["a"]})
        assert told(warehouse.reconcile(rows_of_it, "visit")) == [("missing", "never_received", 1)]
        assert told(warehouse.reconcile(rows_of_it, "visit", by=["day"])) == [("missing", "never_received", None)]


def test_each_reason_is_a_bar(wh: Warehouse) -> None:
    """What is not in Pixels on top, then what differs, then what is not in the file; every reason has a name."""
    frame = pl.DataFrame({"player": ["p1", "p2", "nobody"], "day": ["2026-11-01"] * 3, "banner": ["a", "a", "a"]})
    figure = rendered(plots.reconcile(wh.reconcile(frame, "registration", banner=["a", "b"]).reasons))
    bars = [bar for data in columns(figure, "side", "reason", "count") for bar in zip(*data.values(), strict=True)]
    assert bars == [("Not in Pixels", "Never received", 1), ("Different", "Another banner", 1)]
    assert list(LABELS) == list(MEANINGS)


def test_a_log_that_says_the_same_has_no_bars(wh: Warehouse) -> None:
    """And says so."""
    frame = pl.DataFrame({"player": ["p1"], "day": ["2026-11-01"], "banner": ["a"]})
    found = wh.reconcile(frame, "registration")
    assert columns(rendered(plots.reconcile(found.reasons)), "text") == [{"text": ["Nothing differs"]}]
