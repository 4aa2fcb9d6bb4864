"""The snapshot over REST: every table, and nothing of who sent what from where."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from falcon.testing import Result, TestClient

import pixels
from aggregator.erasure import erase
from aggregator.run import run_pass
from metrics_api.app import create_app
from pixels.config import load_settings
from tests.api_client import LocalClient
from tests.local_log import append
from tests.sample_records import event
from tests.sample_warehouse import SampleWarehouse, visit

FORGOTTEN = "somebody-who-wants-to-be-forgotten"
APPENDED = 1_795_000_000_000
PRIVATE = (b"203.0.113.77", b"Mozilla/5.0 (Private)", b"what a stranger sent")


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A home whose records, repeats and refusals say where they came from."""
    private = {"source_ip": "203.0.113.77", "user_agent": "Mozilla/5.0 (Private)"}
    again = event(1, **private) | {"banner_tag": "later"}
    append(
        pixels_home,
        [event(1, **private), again, event(2, player_id=FORGOTTEN, **private), b"what a stranger sent"],
        at_ms=APPENDED,
    )
    run_pass(load_settings())
    return pixels_home


def client_of(home: Path) -> TestClient:
    return LocalClient(create_app(lambda: pixels.open(home)))


def fetch(client: TestClient, **headers: str) -> Result:
    return client.simulate_get("/api/snapshot", headers={"Accept": "application/vnd.duckdb", **headers})


def tables(file: Path) -> dict[str, int]:
    """Return the number of rows of each table."""
    with duckdb.connect(str(file), read_only=True) as con:
        names = [name for (name,) in con.sql("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: len(con.table(name).fetchall()) for name in names}


def test_it_has_every_row_and_no_address(home: Path, tmp_path: Path) -> None:
    """The same tables with as many rows; the bytes say nothing of addresses, user agents and refused requests."""
    published = next((home / "published").glob("*.duckdb"))
    copy = tmp_path / "copy.duckdb"

    answer = fetch(client_of(home))
    copy.write_bytes(answer.content)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.duckdb")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert tables(copy) == tables(published)
    assert tables(copy)["repeated_records"] == tables(copy)["rejected_events"] == 1
    assert all(private in published.read_bytes() for private in PRIVATE)
    assert not any(private in answer.content for private in PRIVATE)
    days = ("2026-01-01", "2027-12-31")
    with pixels.open(copy) as theirs, pixels.open(home) as ours:
        assert theirs.snapshot == ours.snapshot
        assert theirs.metrics(*days).equals(ours.metrics(*days))


def test_who_has_it_is_not_sent_it_again(home: Path) -> None:
    """304 while nothing has changed; the copy that is made of an older version, or of a newer snapshot, is another."""
    client = client_of(home)
    first = fetch(client)
    assert fetch(client, **{"If-None-Match": first.headers["etag"]}).status_code == 304

    append(home, [event(3)], at_ms=APPENDED)
    run_pass(load_settings())
    second = fetch(client, **{"If-None-Match": first.headers["etag"]})

    assert second.status_code == 200
    assert second.headers["etag"] != first.headers["etag"]


def test_a_player_who_is_forgotten_is_forgotten_here(home: Path) -> None:
    """Erasing writes a snapshot's file anew under the same number; what is served is of the new file."""
    client = client_of(home)
    before = fetch(client)

    erase(load_settings(), [FORGOTTEN])
    after = fetch(client, **{"If-None-Match": before.headers["etag"]})

    assert after.status_code == 200
    assert FORGOTTEN.encode() in before.content
    assert FORGOTTEN.encode() not in after.content


def test_without_asking_for_the_file_it_is_described(home: Path) -> None:
    """As JSON: what `current.json` says."""
    answer = client_of(home).simulate_get("/api/snapshot")

    assert answer.status_code == 200
    assert (answer.json["snapshot"], answer.json["time_zone"]) == (1, "UTC")


def test_a_snapshot_of_an_older_schema_is_copied_too(tmp_path: Path) -> None:
    """Its tables lack columns that newer ones have."""
    sample = SampleWarehouse(tmp_path)
    file = sample.publish(visit("p1", "brandA", "2026-11-01T10:00"))
    with duckdb.connect(str(file)) as con:
        con.execute(
            "DROP TABLE repeated_records; DROP TABLE erasures; ALTER TABLE warehouse DROP COLUMN erasure_key_check"
        )

    assert fetch(client_of(tmp_path)).status_code == 200


def test_a_copy_that_cannot_be_made_is_explained(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room, or no folder, for temporary files: 503 with what to do, and the next request tries again."""
    client = client_of(home)
    with monkeypatch.context() as missing:
        missing.setattr("tempfile.tempdir", str(home / "nowhere"))
        answer = fetch(client)

    assert answer.status_code == 503
    assert "TMPDIR" in answer.json["detail"]
    assert fetch(client).status_code == 200
