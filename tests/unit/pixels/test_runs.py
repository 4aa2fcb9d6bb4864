"""What wrote to a warehouse, as a snapshot of it tells."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

import pixels
from pixels.errors import BadParameter
from pixels.pointer import read_offsets
from tests.sample_warehouse import SampleWarehouse, at, visit

NOON = at("2026-11-21T12:00")


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A warehouse of one visit, and of one run."""
    sample = SampleWarehouse(tmp_path, uuid="0f0f")
    sample.publish(visit("p", "a", "2026-11-20T11:10"), complete_until=NOON)
    return sample


def test_runs_come_newest_first_and_no_more_than_asked_for(sample: SampleWarehouse) -> None:
    """An import, as a run of its own kind."""
    with duckdb.connect(str(sample.published / "snapshot-000001.duckdb")) as con:
        con.execute(
            "INSERT INTO aggregation_runs BY NAME SELECT * REPLACE (2 AS run_id, 'import' AS kind, 7 AS records_read) FROM aggregation_runs"
        )

    with pixels.open(sample.home) as wh:
        found, one = wh.runs(), wh.runs(1)

    assert found.select("run_id", "kind", "records_read").rows() == [(2, "import", 7), (1, "pass", 0)]
    assert found["complete_until"].to_list() == [NOON, NOON]
    assert one.equals(found.head(1))


@pytest.mark.parametrize("number", [0, 10_001, True, "9"])
def test_a_number_of_runs_is_one(sample: SampleWarehouse, number: object) -> None:
    """From 1 to 10,000."""
    with pixels.open(sample.home) as wh, pytest.raises(BadParameter, match="number"):
        wh.runs(number)  # type: ignore[arg-type]


def test_a_snapshot_says_what_it_is_of_and_what_its_logs_lost(sample: SampleWarehouse) -> None:
    """Five records that were gone before they were read, in two gaps, and two files of the archive."""
    with duckdb.connect(str(sample.published / "snapshot-000001.duckdb")) as con:
        con.execute("INSERT INTO log_gaps VALUES ('a', 0, 3, 7, now(), 1), ('b', 0, 1, 2, now(), 1)")
        con.execute(
            "INSERT INTO archive_files SELECT f, 'records', '2026-01-01', 1, now(), now(), 40, '', now() FROM range(2) AS t(f)"
        )

    with pixels.open(sample.home) as wh:
        what = wh.provenance()

    assert (what.warehouse_uuid, what.count_bots, what.records_lost) == ("0f0f", False, 5)
    assert (what.archived_files, what.archived_bytes) == (2, 80)
    assert what.made_at == at("2026-01-01")


def test_the_pointer_says_how_far_each_log_is_counted(sample: SampleWarehouse) -> None:
    """By source and partition."""
    offsets = [{"source": "local:x:events_queue", "partition": 0, "next_offset": 12}]
    sample.publish_again(complete_until=NOON + timedelta(hours=1), offsets=offsets)

    assert read_offsets(sample.published) == {("local:x:events_queue", 0): 12}
