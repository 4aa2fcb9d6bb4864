"""Alerts: told once, told again when there is something new, and when it is over; to everybody, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pixels.alerts.check import Checked, Checker
from pixels.alerts.rules import read_rules
from pixels.config import load_settings
from pixels.delivery import Message, Receipt, Recipient
from pixels.errors import ConfigurationError, PixelsError
from tests.sample_warehouse import Event, SampleWarehouse, at, registration, visit

FIRST = date(2026, 6, 1)
ANNA, BEN = "anna@example.com", "ben@example.com"
LAG = f'[[alert]]\nname = "old"\non = "lag"\nafter = "30m"\ncool_down = "2h"\nto = ["{ANNA}", "{BEN}"]\n'
SILENCE = f'[[alert]]\nname = "broken"\non = "silence"\nto = ["{ANNA}"]\n'
ANOMALIES = f'[[alert]]\nname = "odd"\non = "anomalies"\nto = ["{ANNA}"]\n'
CHECK = f'[[alert]]\nname = "proof"\non = "rebuild_check"\nto = ["{ANNA}"]\n'


class Desk:
    """A home, a clock, and the mail that arrives."""

    def __init__(self, home: Path, rules: str) -> None:
        (home / "alerts.toml").write_text(rules)
        self.sample = SampleWarehouse(home)
        self.now = at("2026-07-10T01:00")
        self.arrived: list[tuple[str, Message]] = []
        self.away: set[str] = set()

    def check(self, **later: float) -> list[Checked]:
        """Check, after some time."""
        self.now += timedelta(**later)
        found = Checker(load_settings(), lambda: self.now, self._send).check()
        assert found is not None
        return found

    def _send(self, message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        receipts = []
        for recipient in recipients:
            is_away = recipient.label in self.away
            receipts.append(Receipt(recipient, "away" if is_away else ""))
            if not is_away:
                self.arrived.append((recipient.label, message))
        return receipts

    def subjects(self) -> list[tuple[str, str]]:
        """Who got what since the last look."""
        found = [(to, message.subject) for to, message in self.arrived]
        self.arrived.clear()
        return found


def history(days: range, *broken: int) -> list[Event]:
    """Sixty visitors a day over one banner, half of whom register, on broken days none."""
    events: list[Event] = []
    for day in days:
        on = FIRST + timedelta(days=day)
        for person in range(60):
            events.append(visit(f"p{day}-{person}", "a", f"{on}T00:30"))
            if person < 30 and day not in broken:
                events.append(registration(f"p{day}-{person}", "a", f"{on}T00:40"))
    return events


def test_old_data_is_told_once_and_when_it_is_over(pixels_home: Path) -> None:
    """Not while it is young enough, not again while it stays so; to everybody."""
    desk = Desk(pixels_home, LAG)
    desk.sample.publish(visit("p", "a", "2026-07-10T00:50"), complete_until=at("2026-07-10T01:00"))

    desk.check(minutes=30)
    assert desk.subjects() == []
    (one,) = desk.check(minutes=1)
    assert [to for to, _ in desk.arrived] == [ANNA, BEN]
    assert desk.arrived[0][1].is_alarm
    assert desk.arrived[0][1].text.startswith("Data is through 10 Jul 2026, 01:00, 31 minutes ago: passes have stopped")
    assert "old: Data is through" in one.as_text()
    desk.subjects()
    desk.check(hours=5)
    assert desk.subjects() == []
    desk.sample.point_at("snapshot-000001.duckdb", complete_until=desk.now)
    desk.check()
    assert desk.subjects() == [(ANNA, "Recovered: old"), (BEN, "Recovered: old")]
    desk.check(minutes=1)
    assert desk.subjects() == []


def test_what_comes_and_goes_is_quiet_while_it_cools_down(pixels_home: Path) -> None:
    """Within two hours of what was told nothing new is; after them it is, if it still holds."""
    desk = Desk(pixels_home, LAG)
    desk.sample.publish(visit("p", "a", "2026-07-10T00:50"), complete_until=at("2026-07-10T01:00"))
    desk.check(minutes=31)
    desk.sample.point_at("snapshot-000001.duckdb", complete_until=desk.now)
    desk.check()
    assert len(desk.subjects()) == 4

    desk.check(minutes=60)
    assert desk.subjects() == []
    desk.check(minutes=61)
    assert [subject[:9] for _, subject in desk.subjects()] == ["ALERT old"] * 2


def test_who_could_not_be_reached_gets_it_at_the_next_check(pixels_home: Path) -> None:
    """The same message, and the others not again; nothing newer overtakes it."""
    desk = Desk(pixels_home, LAG)
    desk.sample.publish(visit("p", "a", "2026-07-10T00:50"), complete_until=at("2026-07-10T01:00"))
    desk.away = {BEN}

    (first,) = desk.check(minutes=31)
    desk.check(minutes=10)

    assert first.is_undelivered
    assert [to for to, _ in desk.arrived] == [ANNA]
    desk.sample.point_at("snapshot-000001.duckdb", complete_until=desk.now)
    desk.away = set()
    desk.check()
    ((_, told), (_, late), *over) = desk.arrived
    assert told.key == late.key
    assert [(to, message.subject) for to, message in over] == [(ANNA, "Recovered: old"), (BEN, "Recovered: old")]


def test_a_broken_pixel_is_told_with_its_banner_and_again_the_next_day(pixels_home: Path) -> None:
    """As the dashboard says it; on the day after it holds of another day, and is over when registrations are back."""
    desk = Desk(pixels_home, SILENCE + ANOMALIES)
    desk.sample.publish(*history(range(39), 38), complete_until=at("2026-07-10T01:00"))

    desk.check(minutes=5)

    banner = "No registrations of “\u2068a\u2069” on 9 Jul 2026, where 30 were expected. Visitors came as usual: a broken pixel?"
    text = desk.arrived[0][1].text
    assert desk.subjects() == [(ANNA, f"ALERT broken: {banner}"), (ANNA, f"ALERT odd: {banner}")]
    assert banner in text
    assert "“\u2068a\u2069” explains most of it (\u221230)." in text
    desk.sample.publish(*history(range(39, 40), 39), complete_until=at("2026-07-11T01:00"))
    desk.check(days=1)
    assert ["on 10 Jul 2026, where" in subject for _, subject in desk.subjects()] == [True, True]
    desk.sample.publish(*history(range(40, 41)), complete_until=at("2026-07-12T01:00"))
    desk.check(days=1)
    assert desk.subjects() == [(ANNA, "Recovered: broken"), (ANNA, "Recovered: odd")]


def test_a_rebuild_check_with_differences_is_told(pixels_home: Path) -> None:
    """With the tables; an equal one later is a recovery."""
    desk = Desk(pixels_home, CHECK)
    check = {
        "snapshot": 1,
        "equal": False,
        "differences": {"players": 3},
        "code_version": "1",
        "checked_at": "2026-07-09T00:00:00.000Z",
    }
    desk.sample.publish(visit("p", "a", "2026-07-10T00:50"), complete_until=at("2026-07-10T01:00"))
    desk.check()
    assert desk.subjects() == []
    desk.sample.publish_again(complete_until=at("2026-07-10T01:00"), last_check=check)

    desk.check()

    assert desk.subjects() == [
        (ANNA, "ALERT proof: The rebuild check of 9 Jul 2026, 00:00 found differences: players 3 rows.")
    ]
    desk.sample.publish_again(
        complete_until=at("2026-07-10T01:00"), last_check=check | {"equal": True, "differences": {}}
    )
    desk.check(hours=1)
    assert desk.subjects() == [(ANNA, "Recovered: proof")]


def test_while_nothing_is_published_the_data_is_old_and_the_others_wait(pixels_home: Path) -> None:
    """Nothing is called recovered because nobody can look."""
    desk = Desk(pixels_home, LAG + SILENCE)

    desk.check()

    assert [subject for _, subject in desk.subjects()] == [
        "ALERT old: Nothing is published: no pass has ended yet, or what it published is gone."
    ] * 2


def test_a_rule_that_nobody_can_look_at_hides_no_other(pixels_home: Path) -> None:
    """It is named with its reason and its error code; what the others hold is told."""
    desk = Desk(pixels_home, SILENCE + LAG)
    desk.sample.publish(*history(range(20)), complete_until=at("2026-07-01T00:00"))
    for table in ("counted_events", "event_summary"):
        with duckdb.connect(str(desk.sample.published / "snapshot-000001.duckdb")) as con:
            con.execute(f"DROP TABLE {table}")

    broken, old = desk.check()

    assert "cannot be read" in broken.problem
    assert broken.as_text().startswith("broken: it could not be looked at: ")
    assert (broken.exit_code, old.exit_code) == (66, 0)
    assert [to for to, subject in desk.subjects() if subject.startswith("ALERT old: Data is through")] == [ANNA, BEN]


def test_two_checks_at_once_tell_once(pixels_home: Path) -> None:
    """The second one finds the first at work and leaves."""
    desk = Desk(pixels_home, LAG)
    inner: list[object] = []

    def send(message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        inner.append(Checker(load_settings(), lambda: desk.now).check())
        return desk._send(message, recipients)

    Checker(load_settings(), lambda: desk.now, send).check()

    assert inner == [None, None]
    assert len(desk.subjects()) == 2


def test_a_damaged_ledger_is_told_of(pixels_home: Path) -> None:
    """With what to do; it is not begun anew in silence, which would tell everything again."""
    desk = Desk(pixels_home, LAG)
    (pixels_home / "alerts.json").write_text('{"old": {')

    with pytest.raises(PixelsError, match="Move it away"):
        desk.check()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[alert]]\nname = 'a'\non = 'lag'", "to: is missing"),
        (LAG.replace("lag", "lags"), "'lags' is not one of anomalies, silence, lag, rebuild_check"),
        (LAG.replace("30m", "soon"), "'soon' is no length of time"),
        (LAG.replace("cool_down", "cooldown"), "did you mean 'cool_down'"),
        (SILENCE + 'after = "1h"\n', "belongs to lag"),
        (SILENCE.replace(ANNA, "nobody"), "no e-mail address"),
        (SILENCE.replace(f'["{ANNA}"]', "[]"), "is no list of texts"),
        (SILENCE + SILENCE, "two alerts are called 'broken'"),
        ("alert = 3", "'alert' is no list"),
        ("[alerts]", "'alerts' is not known there"),
        ("[[alert]", "cannot be read"),
        ("[[alert]]\nname = 'A B'\non = 'lag'\nto = ['a@b.example']", "at most 63"),
    ],
)
def test_a_wrong_rule_says_which_and_what_to_write(pixels_home: Path, text: str, problem: str) -> None:
    """Before anything is looked at."""
    (pixels_home / "alerts.toml").write_text(text)

    with pytest.raises(ConfigurationError) as refused:
        read_rules(load_settings())

    assert problem in str(refused.value)
    assert "alerts.toml" in str(refused.value)


def test_without_rules_nothing_is_done(pixels_home: Path) -> None:
    """There is nothing to look at, and nobody to tell."""
    assert Checker(load_settings(), lambda: datetime.now(UTC)).check() == []
