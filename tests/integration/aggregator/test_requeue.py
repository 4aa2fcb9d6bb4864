"""`pixels rejected`: what was refused is listed and shown, and what is an event after a fix becomes one, once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from aggregator.requeue import RequeueResult, requeue
from aggregator.run import run_pass
from aggregator.store.refused import Choice
from collector.refused_again import RefusedRequests
from pixels.cli import main
from pixels.config import Settings, load_settings
from pixels.errors import BadParameter
from tests.interruptions import killed_at
from tests.local_log import append
from tests.oracle import Record, Refusal, differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables
from tests.unit.collector.signed import KEYS, signature_over

EVENTS, REFUSALS = "local:log-1:events_queue", "local:log-1:events_queue_rejected"
AT = datetime(2026, 11, 17, 12, tzinfo=UTC)


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A warehouse in which one event counts."""
    append(pixels_home, [event(0)], at_ms=int(AT.timestamp() * 1000))
    run_pass(load_settings())
    return pixels_home


def refused(
    home: Path, *payloads: bytes | Record, source: str = EVENTS, reason: str = "placeholder_value", count: int = 1
) -> list[str]:
    """Set records aside as an older version may have done; return their ids."""
    values = [payload if isinstance(payload, bytes) else json.dumps(payload).encode() for payload in payloads]
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        (first,) = con.execute("SELECT count(*) FROM rejected_events").fetchone() or (0,)
        rows = [[source, 0, first + number, reason, "", value, AT, count] for number, value in enumerate(values)]
        con.executemany("INSERT INTO rejected_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        con.execute("DELETE FROM daily_refusals")
        con.execute(
            "INSERT INTO daily_refusals SELECT '2026-11-17', reason, sum(count) FROM rejected_events GROUP BY reason"
        )
    return [f"{source}/0/{row[2]}" for row in rows]


def tried_again(choice: Choice = Choice(), **settings: Any) -> RequeueResult:  # noqa: B008 - it cannot be changed
    chosen = load_settings(**settings)
    return requeue(chosen, choice, RefusedRequests(chosen).judge)


def check_tables(home: Path, *records: Record, refusals: tuple[Refusal, ...] = ()) -> None:
    """All tables, in the warehouse and in the newest snapshot, are those of these records and the first event."""
    expected = tables([event(0), *records], "UTC", refusals=refusals)
    pointer = json.loads((home / "published" / "current.json").read_bytes())
    for file in (home / "warehouse.duckdb", home / "published" / pointer["file"]):
        assert differences(expected, read_tables(file)) == {}
        with duckdb.connect(str(file), read_only=True) as con:
            stands_for = con.execute("SELECT coalesce(sum(count), 0) FROM rejected_events").fetchone()
        assert stands_for == (sum(refusal.count for refusal in refusals),)


def test_a_record_that_is_an_event_now_becomes_one_and_is_refused_no_more(home: Path) -> None:
    """All tables are those of the set of records with it in, and the refusals of its day are less by it."""
    refused(home, event(1), event(2, player_id="p0", banner_tag="c", created_at="2026-11-17T09:00:00Z"), b"{")
    result = tried_again()
    assert (result.tried, result.became_events, result.reasons_changed) == (3, 2, 1)
    assert (result.outcome.events_stored, result.published) == (2, True)
    early = event(2, player_id="p0", banner_tag="c", created_at="2026-11-17T09:00:00Z")
    check_tables(home, event(1), early, refusals=(Refusal(AT, "not_json"),))


def test_what_is_refused_for_the_same_reason_stays_as_it_is(home: Path) -> None:
    """Nothing is written, no snapshot published; tried again it is the same."""
    refused(home, event(1, banner_tag="undefined"), event(2, banner_tag="undefined"))
    run_pass(load_settings())
    tried_again()
    again = tried_again()
    assert (again.tried, again.became_events, again.published) == (2, 0, False)
    assert again.still_refused == {"placeholder_value": 2}


def test_done_again_and_replayed_by_the_log_it_counts_once(home: Path) -> None:
    """A second requeue finds nothing; the record read again from the log is the event that is stored."""
    refused(home, event(1))
    tried_again()
    assert tried_again().tried == 0
    append(home, [event(1)], at_ms=int(AT.timestamp() * 1000))
    assert run_pass(load_settings()).outcome.records_repeated == 1
    check_tables(home, event(1))


def test_an_event_that_was_sent_again_meanwhile_is_refused_no_more_either(home: Path) -> None:
    """It is stored already, so only the refusal goes; that too is published."""
    append(home, [event(1)], at_ms=int(AT.timestamp() * 1000))
    run_pass(load_settings())
    refused(home, event(1))
    result = tried_again()
    assert (result.became_events, result.outcome.events_stored, result.published) == (1, 0, True)
    check_tables(home, event(1))


@pytest.mark.parametrize("step", ["before_commit", "after_commit", "before_pointer"])
def test_killed_at_any_step_and_run_again_it_gives_the_same_tables(home: Path, step: str) -> None:
    """What was committed is not done twice, and what was not is done then."""
    refused(home, *map(event, range(1, 6)))
    assert killed_at({"PIXELS_HOME": str(home)}, step, kind="requeue") == -9
    tried_again()
    check_tables(home, *map(event, range(1, 6)))


def test_only_what_was_chosen_is_tried(home: Path) -> None:
    """By id, by reason, by days; an id that names no refusal is an error before anything is changed."""
    ids = refused(home, event(1), event(2))
    refused(home, event(3), reason="too_long")
    with pytest.raises(BadParameter, match="local:log-1:events_queue/0/99"):
        tried_again(Choice(ids=(ids[0], f"{EVENTS}/0/99")))
    day = AT.date()
    assert tried_again(Choice(since=day.replace(day=18))).tried == 0
    assert tried_again(Choice(until=day.replace(day=16))).tried == 0
    assert tried_again(Choice(since=date.max)).tried == tried_again(Choice(until=date.min)).tried == 0
    assert tried_again(Choice(ids=(ids[1],))).became_events == 1
    assert tried_again(Choice(reasons=("too_long",), since=day, until=day)).became_events == 1
    check_tables(home, event(2), event(3), refusals=(Refusal(AT, "placeholder_value"),))


def test_more_refusals_than_are_taken_at_once_are_all_tried(home: Path) -> None:
    """Each once, whether the ones before it stayed or left."""
    many = [event(number, banner_tag="b" if number % 3 else "null") for number in range(1, 11)]
    refused(home, *many)
    result = requeue(load_settings(), Choice(), RefusedRequests(load_settings()).judge, at_once=2)
    assert (result.tried, result.became_events, result.still_refused) == (10, 7, {"placeholder_value": 3})
    sound = [record for record in many if record["banner_tag"] == "b"]
    check_tables(home, *sound, refusals=(Refusal(AT, "placeholder_value", 3),))


def stored(home: Path, event_type: str) -> list[dict[str, Any]]:
    """The stored events of a type."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute("FROM events WHERE event_type = ?", [event_type]).pl().to_dicts()


MONEY = {"amount": "25.00", "currency": "EUR", "txid": "t1"}


@pytest.mark.parametrize(
    "payload",
    [
        b"GET /deposit?playerId=p1&bannerTag=b&amount=25.00&currency=EUR&txid=t1&debug=1",
        b"POST /deposit\n\nplayerId=p1&bannerTag=b&amount=25.00&currency=EUR&txid=t1",
        b'POST /deposit?playerId=p1\n\n{"bannerTag": "b", "amount": 25.00, "currency": "EUR", "txid": "t1"}',
        b'POST /events\n\n{"eventType":"deposit","playerId":"p1","bannerTag":"b","amount":25.00,"currency":"EUR","txid":"t1"}',
    ],
)
def test_a_request_that_the_collector_refused_becomes_the_event_it_was_to_be(home: Path, payload: bytes) -> None:
    """In the URL, in a body, as an item of a batch: with the time it was received, and the same id every time."""
    refused(home, payload, source=REFUSALS, reason="bad_currency")
    assert tried_again().became_events == 1
    (deposit,) = stored(home, "deposit")
    assert (deposit["player_id"], deposit["banner_tag"], deposit["created_at"]) == ("p1", "b", AT)
    assert json.loads(deposit["metadata"]) == MONEY
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:  # as if the log had been read from its beginning
        con.execute("DELETE FROM rejected_events")
    refused(home, payload, source=REFUSALS, reason="bad_currency")
    assert tried_again().outcome.events_stored == 0


def test_a_signature_in_the_url_is_verified_by_the_clock_of_then(home: Path) -> None:
    """The key was missing in the settings; with it the deposit is money, however long ago it was signed."""
    query = "amount=25.00&bannerTag=b&currency=EUR&playerId=p1"
    signature = signature_over("/deposit", query.encode(), at=AT)
    refused(home, f"GET /deposit?{query}&signature={signature}".encode(), source=REFUSALS, reason="bad_signature")
    assert tried_again().still_refused == {"bad_signature": 1}
    assert tried_again(signing_keys={"shop": KEYS["shop"].decode()}).became_events == 1
    (deposit,) = stored(home, "deposit")
    assert json.loads(deposit["metadata"])["_key"] == "shop"


@pytest.mark.parametrize(
    ("payload", "reason", "why"),
    [
        (b"GET /visit?playerId=p1&bannerTag=b", "too_long", "crawler"),
        (b"GET /deposit?playerId=p1&bannerTag=b", "signature_expired", "in a header"),
        (b"POST /deposit\n\nplayerId=p1&bannerTag=b", "bad_signature", "in a header"),
        (b"", "rate_limited", "only counted"),
        (b"GET /deposit?playerId=p1&bannerTag=b&x=" + b"x" * 8192, "too_long", "only the beginning"),
        (b"GET /deposit", "placeholder_value", "missing_player_id"),
        (b"PUT /deposit?playerId=p1&bannerTag=b", "method_not_allowed", "no request"),
        (b"GET /elsewhere?playerId=p1&bannerTag=b", "unknown_path", "unknown_event_type"),
        (b'{"id":"e9","event_type":"deposit","player_id":"p","banner_tag":"b"}', "unknown_path", "no request"),
        (b"GET /deposit?playerId=p1&bannerTag=b&_key=shop", "reserved_parameter", "reserved_parameter"),
        (b"\xff\x00", "bad_encoding", "no request"),
    ],
)
def test_a_request_of_which_too_little_is_known_stays_refused_and_it_says_why(
    home: Path, payload: bytes, reason: str, why: str
) -> None:
    """Its reason stays the collector's, which knew more; and what a stranger sent is never read as a record of the log."""
    refused(home, payload[:8192], source=REFUSALS, reason=reason)
    result = tried_again()
    assert (result.became_events, result.reasons_changed) == (0, 0)
    assert [why in told for told in result.still_refused] == [True]
    run_pass(load_settings())
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("SELECT reason FROM rejected_events").fetchall() == [(reason,)]


@pytest.mark.parametrize(("source", "becomes"), [("kafka:c:events", 1), ("kafka:c:former", 0), ("import:file", 0)])
def test_records_of_kafka_are_told_from_refusals_by_the_topic_they_came_from(
    home: Path, source: str, becomes: int
) -> None:
    """Of what came from elsewhere nobody can say how to read it, so it stays."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute("INSERT INTO log_sources VALUES ('kafka:c:events', 'kafka:events_queue', $1)", [AT])
        con.execute("INSERT INTO log_sources VALUES ('kafka:c:former', 'kafka:another', $1)", [AT])
    refused(home, event(1), source=source)
    assert tried_again().became_events == becomes


def test_a_refusal_that_could_not_be_read_gets_the_reason_that_it_says(home: Path) -> None:
    """A newer collector wrote it; now it can be read, and stands for as many as it says."""
    written = {"reason": "rate_limited", "received_at": "2026-11-16T23:59:59Z", "payload": "", "count": 7}
    refused(home, written, source=REFUSALS, reason="bad_refusal")
    assert tried_again().reasons_changed == 1
    check_tables(home, refusals=(Refusal(datetime(2026, 11, 16, 23, 59, 59, tzinfo=UTC), "rate_limited", 7),))


def rejected(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rejected", *arguments], catch_exceptions=False)


def published(home: Path, *values: bytes, **settings: Any) -> None:
    append(home, values, at_ms=int(AT.timestamp() * 1000))
    run_pass(Settings(_env_file=None, home=home, **settings), now=lambda: datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize("retention_days", [90, 1])
def test_ls_lists_and_show_shows_refusals_wherever_they_lie(home: Path, retention_days: int) -> None:
    """Sums by reason, then the newest with their ids; the payload is shown as it was sent, in the archive or not."""
    published(home, b"garbage", b"", json.dumps(event(1, banner_tag="null")).encode(), retention_days=retention_days)
    listed = rejected("ls", "--format", "json").stdout
    found = json.loads(listed)
    assert found["refused_by_reason"] == {"empty_record": 1, "not_json": 1, "placeholder_value": 1}
    (garbage,) = (row for row in found["refusals"] if row["reason"] == "not_json")
    assert "payload, 7 bytes:\ngarbage\n" in rejected("show", garbage["refusal"]).stdout
    assert json.loads(rejected("show", garbage["refusal"], "--format", "json").stdout)["payload"] == "garbage"
    assert rejected("ls", "--reason", "not_json", "--limit", "1", "--format", "csv").stdout.splitlines()[1:] == [
        f"2026-11-17T12:00:00.000Z,not_json,1,{garbage['detail']},{garbage['refusal']}"
    ]
    assert rejected("ls", "--since", "2026-11-18").stdout == "Nothing was refused.\n"
    assert rejected("ls", "--since", "0001-01-01", "--until", "9999-12-31", "--format", "json").stdout == listed
    table = rejected("ls", "--until", "2026-11-17", "--limit", "2").stdout
    assert "3 refused\n" in table
    assert table.endswith("The newest 2; `--limit 0` lists all.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nothing"),
        ("show", "x/0/99999999999999999999"),
        (f"show {EVENTS}/0/77").split(),
        ("ls", "--since", "yesterday"),
        ("ls", "--since", "2026-11-18", "--until", "2026-11-17"),
        ("requeue",),
        ("requeue", f"{EVENTS}/0/77"),
    ],
)
def test_a_refusal_or_a_day_that_is_none_is_explained(home: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 64 and one line."""
    answer = rejected(*arguments)
    assert (answer.exit_code, len(answer.stderr.splitlines())) == (64, 1)


def test_requeue_prints_one_line_of_json(home: Path) -> None:
    """What was tried, what became of it, and what that changed."""
    refused(home, event(1), event(2, banner_tag="null"))
    told = json.loads(rejected("requeue", "--reason", "placeholder_value").stdout)
    assert (told["tried"], told["became_events"], told["still_refused"]) == (2, 1, {"placeholder_value": 1})
    assert (told["events_counted"], told["published"]) == (1, True)
