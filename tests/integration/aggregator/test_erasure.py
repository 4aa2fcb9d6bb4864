"""`pixels erase`: a player is forgotten, and no figure moves."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aggregator.erasure import STEPS_OF_ERASURE, erase
from aggregator.erasure_journal import JOURNAL
from aggregator.erasure_record import record_of
from aggregator.lock import LOCK_FILE
from aggregator.rebuild import check
from aggregator.run import run_pass
from aggregator.tombstones import KEY_FILE, NoErasureKey
from pixels.config import Settings, load_settings
from pixels.errors import BadParameter
from pixels.reports.pinned import pin_newest
from tests.erased import erased, erased_name
from tests.interruptions import killed_at
from tests.local_log import append
from tests.oracle import Record, Refusal, Tables, differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables

APPENDED = 1_795_000_000_000  # 2026-11-18, later than every event below
NOW = datetime(2026, 11, 19, tzinfo=UTC)
RETENTION = 100  # so that March is archived, and October is not


def settings_for(home: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, home=home, timezone="Europe/Berlin", retention_days=RETENTION, **more)


def do_pass(settings: Settings) -> None:
    run_pass(settings, now=lambda: NOW)


def forget(settings: Settings, *players: str, **more: Any) -> tuple[dict[str, Any], set[str]]:
    """Erase, and return the record with all the names that were erased."""
    done, names = erase(settings, players, now=lambda: NOW, **more)
    return record_of(done, names, settings), names


def colliding_records(rng: random.Random, count: int) -> list[Record]:
    """Few of everything, so that ids, instants and banners tie, live and archived; keys that are several people's."""
    days = [
        "2026-03-28T22:59:59.999Z",
        "2026-03-28T23:00:00.000Z",
        "2026-10-25T00:30:00.000Z",
        "2026-10-25T23:00:00.000Z",
    ]
    metadata = {
        "b": ["click", "p1"],
        "_bot": ["crawler"],
        "txid": ["t1", "t2", "null"],
        "_key": ["shop"],
        "amount": ["1.5"],
    }
    metadata |= {"s": ["v-1", "v-2", "v-3", "p2", ""], "currency": ["EUR", "x"]}
    return [
        {
            "id": f"e{rng.randrange(count // 20)}",
            "event_type": rng.choice(["visit", "registration", "deposit"]),
            "player_id": rng.choice(["p1", " p1", "p2", "p3", "v-1", "v-2"]),
            "banner_tag": rng.choice(["a", "b"]),
            "created_at": rng.choice(days),
            "source_ip": rng.choice([None, "192.0.2.1"]),
            "user_agent": rng.choice([None, "x"]),
            "metadata": {name: rng.choice(values) for name, values in metadata.items() if rng.random() < 0.4},
        }
        for _ in range(count)
    ]


def test_every_table_is_that_of_the_records_without_the_names(tmp_path: Path) -> None:
    """Erased one by one, with late events and a replay behind it, the tables are those of the renamed records."""
    settings = settings_for(tmp_path, keep_snapshots=9)
    sent = colliding_records(random.Random(2), 240)
    names: set[str] = set()
    ties_settled = 0

    def expected(records: list[Record]) -> Tables:
        return tables([erased(tmp_path, record, names) for record in records], "Europe/Berlin")

    for batch in (sent[:100], sent[100:200]):
        append(tmp_path, batch, at_ms=APPENDED)
        do_pass(settings)
    for player in ("p1", "v-2"):
        figures = read_tables(settings.warehouse_path)
        record, more = forget(settings, player)
        names |= more
        ties_settled += record["ties_settled"]
        found = read_tables(settings.warehouse_path)
        assert differences(expected(sent[:200]), found) == {}
        assert found == read_tables(newest_snapshot(settings))
        assert differences(expected(sent[:100]), read_tables(settings.published_dir / "snapshot-000001.duckdb")) == {}
        assert record["ties_settled"] or sums(found) == sums(figures)
    assert ties_settled, "no records tied"
    assert check(settings, now=lambda: NOW).check.equal

    append(tmp_path, reversed(sent), at_ms=APPENDED)
    do_pass(settings)
    assert differences(expected(sent), read_tables(settings.warehouse_path)) == {}


def sums(found: Tables) -> list[Any]:
    """All that names nobody."""
    return [found.daily_metrics, found.event_summary, found.daily_accounting, found.daily_refusals, len(found.players)]


def newest_snapshot(settings: Settings) -> Path:
    pointer = json.loads((settings.published_dir / "current.json").read_text())
    return settings.published_dir / str(pointer["file"])


HARD = 'Jürg "x" & ø/=%2'
KEY = "v-jürg"
CONTENT = {"event_type": "deposit", "player_id": HARD, "source_ip": "192.0.2.77", "user_agent": "Jürg's own"}
METADATA = {
    "s": KEY,
    "txid": "tx-of-jürg",
    "amount": "12.50",
    "currency": "EUR",
    "mail": "juerg@example.com",
    "_key": "k",
}
SECRETS = [HARD, KEY, "tx-of-jürg", "juerg@example.com", "192.0.2.77", "Jürg's own"]


def full_home(home: Path) -> tuple[Settings, list[Record], list[Refusal]]:
    """A home whose every kind of file names the player: archive, tables, repeats, refusals, snapshots, leftovers."""
    settings = settings_for(home, keep_snapshots=5)
    his = {**CONTENT, "banner_tag": "b", "metadata": METADATA}
    march, october = "2026-03-28T10:00:00.000Z", "2026-10-25T10:00:00.000Z"
    sent: list[Record] = [
        {**his, "id": "a1", "created_at": march},
        {**his, "id": "a1", "created_at": march, "user_agent": None},
        {**his, "id": "a2", "created_at": march, "event_type": "registration"},
        {**his, "id": "a3", "created_at": march, "player_id": KEY, "event_type": "visit"},
        {**his, "id": "l1", "created_at": october},
        {**his, "id": "l1", "created_at": october, "user_agent": "Jürg's own, again"},
        {**his, "id": "l2", "created_at": october, "event_type": "visit", "metadata": {"s": KEY, "_bot": "crawler"}},
        event(3, created_at=october, player_id="somebody", metadata={"s": KEY, "x": "stays"}, source_ip="192.0.2.1"),
    ]
    refused = {"reason": "bad_amount", "detail": f"amount of {HARD}", "source_ip": "192.0.2.77"}
    line = "GET /deposit?playerId=J%C3%BCrg+%22x%22+%26+%C3%B8%2F%3D%252&bannerTag=b&amount=1e5"
    refusals = [Refusal(datetime.fromisoformat(at), "bad_amount") for at in (march, october)]
    append(home, sent[:5], at_ms=APPENDED)
    append(home, [refused | {"payload": line, "received_at": march}], table="events_queue_rejected", at_ms=APPENDED)
    do_pass(settings)
    pin_newest(settings)
    append(home, sent[5:], at_ms=APPENDED)
    append(home, [refused | {"payload": line, "received_at": october}], table="events_queue_rejected", at_ms=APPENDED)
    append(home, [{**his, "id": "r1", "created_at": "never"}, json.dumps(his).encode()[:-40]], at_ms=APPENDED)
    appended = datetime.fromtimestamp(APPENDED / 1000, UTC)
    refusals += [Refusal(appended, "bad_created_at"), Refusal(appended, "not_json")]
    do_pass(settings)
    (home / "tmp").mkdir(exist_ok=True)
    (home / "tmp" / "duckdb_temp_storage.tmp").write_text(HARD)
    (home / "archive" / "2026-03-28" / ".records.tmp").write_text(HARD)
    shutil.copy(next(home.glob("archive/*/records-*")), home / "archive/2026-03-28/records-0123456789abcdef.parquet")
    (settings.published_dir / ".snapshot-000009.duckdb.tmp").write_text(HARD)
    return settings, sent, refusals


def said_under(home: Path, secrets: Collection[str]) -> dict[str, set[str]]:
    """Which files say one of these: in their bytes, in however many ways, or in the values of any table."""
    found: dict[str, set[str]] = {}
    for file in sorted(home.rglob("*")):
        place = file.relative_to(home)
        expires = place.parts[0] in ("log", "spool", KEY_FILE)
        is_report = place.parts[0] == "reports" and place.parts[1:2] != ("snapshots",)
        if file.is_file() and not expires and not is_report:
            content = file.read_bytes() + "\n".join(map(str, values_of(file))).encode()
            said = {secret for secret in secrets if any(form in content for form in forms(secret))}
            found |= {str(place): said} if said else {}
    return found


def forms(secret: str) -> set[bytes]:
    escaped = json.dumps(secret)[1:-1]
    quoted = "".join(f"%{byte:02X}" if byte > 127 or chr(byte) in ' "&/=%' else chr(byte) for byte in secret.encode())
    texts = {secret, escaped, json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(escaped)[1:-1]}
    return {form.encode() for form in texts | {quoted, quoted.lower(), quoted.replace("%20", "+")}}


def values_of(file: Path) -> list[Any]:
    """Every value that DuckDB finds in a file: it compresses what its bytes do not show."""
    rows: list[tuple[Any, ...]] = []
    with duckdb.connect() as con:
        if file.suffix == ".parquet":
            rows = con.execute("FROM read_parquet($file)", {"file": str(file)}).fetchall()
        elif file.suffix == ".duckdb":
            con.execute(f"ATTACH '{file}' AS f (READ_ONLY)")
            names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'f'").fetchall()
            rows = [row for (name,) in names for row in con.execute(f"FROM f.{name}").fetchall()]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for row in rows for value in row]


def test_nothing_under_the_home_says_who_it_was(tmp_path: Path) -> None:
    """Neither the bytes nor the rows of any file, log, spool and reports aside, say anything of the player; figures stay."""
    settings, sent, refusals = full_home(tmp_path)
    before = said_under(tmp_path, SECRETS)
    assert {name for said in before.values() for name in said} == set(SECRETS)
    assert len(before) >= 9, "the test needs a home in which many kinds of file say it"

    record, names = forget(settings, HARD)

    assert said_under(tmp_path, SECRETS) == {}
    assert names == {HARD, KEY}
    renamed = [erased(tmp_path, r, names) for r in sent]
    assert differences(tables(renamed, "Europe/Berlin", refusals=refusals), read_tables(settings.warehouse_path)) == {}
    assert not any(form in json.dumps(record).encode() for secret in SECRETS for form in forms(secret))
    assert record["rows"]["rejected_events"] == 3
    assert check(settings, now=lambda: NOW).check.equal


class Killed(BaseException):
    """Stands for the end of the process."""


def die_at(step: str) -> Callable[[str], None]:
    def on_step(reached: str) -> None:
        if reached == step:
            raise Killed

    return on_step


def test_an_erasure_killed_at_every_step_goes_on_until_it_is_complete(tmp_path: Path) -> None:
    """Each try dies one step further on; figures are right all the time, and in the end nothing says the name."""
    settings, sent, refusals = full_home(tmp_path)

    def expected(names: Collection[str]) -> Tables:
        return tables([erased(tmp_path, r, names) for r in sent], "Europe/Berlin", refusals=refusals)

    for step in STEPS_OF_ERASURE:
        with pytest.raises(Killed):
            forget(settings, HARD, on_step=die_at(step))
        is_done = STEPS_OF_ERASURE.index(step) > STEPS_OF_ERASURE.index("before_erasure_commit")
        names = {HARD, KEY} if is_done else ()
        assert differences(expected(names), read_tables(settings.warehouse_path)) == {}, step
        assert (tmp_path / JOURNAL).exists()

    record, names = forget(settings)

    assert record["resumed"]
    assert names == {HARD, KEY}
    assert said_under(tmp_path, SECRETS) == {}
    assert read_tables(settings.warehouse_path) == read_tables(newest_snapshot(settings)) == expected(names)
    assert not (tmp_path / JOURNAL).exists()


def test_passes_go_on_while_an_erasure_waits_to_be_completed(pixels_home: Path) -> None:
    """Killed with -9 behind its commit, what arrives is renamed already; the next one ends it without being told whom."""
    settings = load_settings()
    sent = [event(1, user_agent="x"), event(2)]
    append(pixels_home, sent, at_ms=APPENDED)
    run_pass(settings)
    env = {"PIXELS_HOME": str(pixels_home)}
    assert killed_at(env, "after_erasure_commit", kind="erase") == -signal.SIGKILL

    append(pixels_home, [event(3, player_id="p1"), *sent], at_ms=APPENDED)
    run_pass(settings)

    expected = tables([erased(pixels_home, r, {"p1"}) for r in [*sent, event(3, player_id="p1")]], "UTC")
    assert read_tables(settings.warehouse_path) == expected
    assert erase(settings)[1] == {"p1"}
    assert read_tables(settings.warehouse_path) == expected
    with pytest.raises(BadParameter, match="name at least one"):
        erase(settings)


def test_kept_snapshots_keep_number_and_figures(tmp_path: Path) -> None:
    """Each is a new file with the same tables but for the names; what was one file under several names still is."""
    settings, _, _ = full_home(tmp_path)
    files = [
        *tmp_path.glob("published/*.duckdb"),
        *tmp_path.glob("published/dated/*"),
        *tmp_path.glob("reports/snapshots/*/*.duckdb"),
    ]
    before = {file: (read_tables(file), file.stat()) for file in files}
    assert any(stat.st_nlink > 1 for _, stat in before.values())

    record, names = forget(settings, HARD)

    assert {str(file.relative_to(tmp_path)) for file in files} <= set(record["snapshots"])
    kept = {file: found for file, found in before.items() if file.exists()}
    assert len(kept) == len(before) - 1, "the last of the month has another name"
    for file, (found, stat) in kept.items():
        now = read_tables(file)
        assert file.stat().st_ino != stat.st_ino
        assert sums(now) == sums(found)
        assert {erased_name(tmp_path, n) if n in names else n for n in found.players} == set(now.players)
    pinned = json.loads(next(tmp_path.glob("reports/snapshots/*/current.json")).read_text())
    published, pin = tmp_path / "published" / pinned["file"], next(tmp_path.glob("reports/snapshots/*/*.duckdb"))
    assert published.samefile(pin)


def test_a_refusal_that_arrives_later_loses_what_it_says(tmp_path: Path) -> None:
    """It counts, and says nothing; that of another player says what it said."""
    settings = settings_for(tmp_path)
    forget(settings, HARD, "1")
    bad = {"event_type": "visit", "banner_tag": "b", "id": "x", "created_at": "never"}
    append(tmp_path, [bad | {"player_id": HARD}, bad | {"player_id": "11"}, bad | {"player_id": 1}], at_ms=APPENDED)

    do_pass(settings)

    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        rows = con.execute('SELECT reason, detail, payload FROM rejected_events ORDER BY "offset"').fetchall()
    assert [row[0] for row in rows] == ["bad_created_at", "bad_created_at", "wrong_type"]
    assert [row[1:] == ("erased", b"") for row in rows] == [True, False, True]


def test_visitor_keys_of_others_stay(tmp_path: Path) -> None:
    """Anybody can send an event that names a player and another one as his visitor key; that one keeps his name."""
    settings = settings_for(tmp_path)
    at = "2026-10-25T10:00:0{}.000Z"
    sent = [
        event(0, player_id="other", event_type="registration", metadata={"s": "shared"}, created_at=at.format(0)),
        event(1, player_id="p", event_type="registration", metadata={"s": "shared"}, created_at=at.format(1)),
        event(2, player_id="p", metadata={"s": "other"}, created_at=at.format(2)),
        event(3, player_id="p", metadata={"s": "undefined"}, created_at=at.format(3)),
        event(4, player_id="p", metadata={"s": "his"}, created_at=at.format(4)),
        event(5, player_id="his", metadata={"s": "his"}, created_at=at.format(5)),
    ]
    append(tmp_path, sent, at_ms=APPENDED)
    do_pass(settings)

    assert forget(settings, "p")[1] == {"p", "his"}

    append(tmp_path, [event(6, player_id="p", metadata={"s": "new"}, created_at=at.format(6))], at_ms=APPENDED)
    do_pass(settings)
    assert forget(settings, "p")[1] == {"p", "new"}, "done again, it finds what came since"


@pytest.mark.parametrize("content", [None, b"another key, of thirty-two bytes", b"short"])
def test_without_the_key_nothing_is_written(content: bytes | None, tmp_path: Path) -> None:
    """A pass would store late events under their names again, so it says what is missing and leaves all as it is."""
    settings = settings_for(tmp_path)
    append(tmp_path, [event(1)], at_ms=APPENDED)
    forget(settings, "p1")
    key = (tmp_path / KEY_FILE).read_bytes()
    assert (len(key), (tmp_path / KEY_FILE).stat().st_mode & 0o777) == (32, 0o600)
    (tmp_path / KEY_FILE).unlink()
    if content is not None:
        (tmp_path / KEY_FILE).write_bytes(content)

    with pytest.raises(NoErasureKey, match=r"docs/erasure\.md") as raised:
        do_pass(settings)
    assert raised.value.exit_code == 74
    with pytest.raises(NoErasureKey):
        forget(settings, "p2")

    (tmp_path / KEY_FILE).write_bytes(key)
    do_pass(settings)
    assert set(read_tables(settings.warehouse_path).players) == {erased_name(tmp_path, "p1")}


def test_a_snapshot_that_becomes_the_warehouse_still_forgets(tmp_path: Path) -> None:
    """A kept snapshot carries the tombstones: restored, it renames what arrives."""
    settings = settings_for(tmp_path)
    append(tmp_path, [event(1, created_at="2026-10-25T10:00:00.000Z")], at_ms=APPENDED)
    do_pass(settings)
    forget(settings, "p1", "p2")
    (tmp_path / "published" / "snapshot-000001.duckdb").replace(settings.warehouse_path)

    append(tmp_path, [event(2, created_at="2026-10-25T10:00:00.000Z")], at_ms=APPENDED)
    do_pass(settings)

    assert set(read_tables(settings.warehouse_path).players) == {erased_name(tmp_path, p) for p in ("p1", "p2")}


def test_reports_that_name_the_player_are_listed(tmp_path: Path) -> None:
    """They stay as they are, and the record says which they are, without the name in it."""
    settings = settings_for(tmp_path)
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "plain.html").write_text("<td>player-7</td>")
    (reports / "player-7.json").write_text('{"player": "player-7"}')
    (reports / "other.html").write_text("<td>player-77</td>")

    record, _ = forget(settings, "player-7")

    assert record["still_named_in"] == ["reports/plain.html", "reports/(the name).json"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 257, "\udcff"])
def test_what_no_event_can_have_as_player_is_no_player(name: str, tmp_path: Path) -> None:
    """Such an id is a mistake, and nothing is done."""
    with pytest.raises(BadParameter, match="PLAYER_ID"):
        forget(settings_for(tmp_path), name)
    assert not (tmp_path / LOCK_FILE).exists()


def test_an_erased_name_is_not_erased_again(tmp_path: Path) -> None:
    """It names nobody already; a second name for the same player would take him apart from his late events."""
    settings = settings_for(tmp_path)
    forget(settings, "p1")

    with pytest.raises(BadParameter, match="who was erased"):
        forget(settings, erased_name(tmp_path, "p1"))
