"""The fault suite finds what it looks for: in a collector that answers too early, and in records that were tampered with."""

from __future__ import annotations

from pathlib import Path

from tests.faults.evidence import judge, stored_values, wrongly_counted
from tests.faults.load import Load
from tests.faults.system import Collector, aggregate, collecting, python


def test_a_collector_that_answers_before_it_stores_is_convicted(tmp_path: Path) -> None:
    """Killed under load it has lost what it acknowledged last, and a pass cannot count that."""
    collector = Collector(tmp_path / "home", {})
    collector.start(command=python("tests.faults.hasty_collector"))
    load = Load(collector.address, "e", pause=0.005)
    load.wait_for(500)
    collector.kill()
    with collecting(collector):
        load.finish()

    values = stored_values(collector.home / "log")

    assert judge(load, values)["acknowledged_and_lost"] > 0
    wrong = wrongly_counted(load, values, aggregate(collector.home, {}))
    assert set(wrong) == {"acknowledged and not counted"}


def test_records_that_were_changed_made_up_or_left_out_are_found(tmp_path: Path) -> None:
    """One of each, in the records of a collector that did everything right."""
    with collecting(Collector(tmp_path / "home", {})) as collector:
        load = Load(collector.address, "e")
        load.wait_for(100)
        load.finish()
        collector.stop()
    values = stored_values(collector.home / "log")
    warehouse = aggregate(collector.home, {})
    assert judge(load, values)["acknowledged_and_lost"] == 0
    assert wrongly_counted(load, values, warehouse) == {}

    left_out, first, *others = values
    changed = first.replace(b'created_at":"20', b'created_at":"19')
    made_up = first.replace(b"e-", b"f-")
    figures = judge(load, [first, changed, made_up, *others])

    assert (figures["acknowledged_and_lost"], figures["copies_that_differ"], figures["made_up"]) == (1, 1, 1)
    assert left_out not in others
    assert set(wrongly_counted(load, [first, *others], warehouse)) == {"not in the log", "daily_metrics"}
