"""What `reports.toml` says, and what is said of it when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixels.config import load_settings
from pixels.errors import ConfigurationError
from pixels.reports.schedules import Schedule, read_schedules

WEEKLY = """
[[schedule]]
name = "weekly"
report = "weekly_report"
cron = "0 7 * * MON"
time_zone = "Europe/Berlin"
parameters = { days = "last_week" }
to = ["team@example.com"]
on_failure = ["ops@example.com", "https://hooks.example/T0KEN"]
retries = 1
"""


def read(home: Path, text: str, **settings: Any) -> list[Schedule]:
    (home / "reports.toml").write_text(text, "utf-8")
    return read_schedules(load_settings(home=home, **settings))


def test_a_schedule_says_what_runs_when_and_who_gets_it(pixels_home: Path) -> None:
    """Left out: nobody gets it, two retries, the warehouse's time zone, the report's own defaults."""
    weekly, short = read(
        pixels_home,
        WEEKLY + '[[schedule]]\nname = "daily"\nreport = "campaign_report"\ncron = "0 6 * * *"\n',
        timezone="Asia/Tokyo",
    )

    assert (weekly.name, weekly.report, weekly.cron, weekly.zone.key) == (
        "weekly",
        "weekly_report",
        "0 7 * * MON",
        "Europe/Berlin",
    )
    assert weekly.parameters == {"days": "last_week"}
    assert [one.label for one in (*weekly.to, *weekly.on_failure)] == [
        "team@example.com",
        "ops@example.com",
        "https://hooks.example/...",
    ]
    assert weekly.retries == 1
    assert (short.zone.key, short.parameters, short.to, short.on_failure, short.retries) == (
        "Asia/Tokyo",
        {},
        (),
        (),
        2,
    )


def test_without_a_file_there_is_no_schedule(pixels_home: Path, tmp_path: Path) -> None:
    """It may stand elsewhere."""
    assert read_schedules(load_settings(home=pixels_home)) == []
    elsewhere = tmp_path / "mine.toml"
    elsewhere.write_text(WEEKLY)
    assert [one.name for one in read_schedules(load_settings(home=pixels_home, schedules_file=str(elsewhere)))] == [
        "weekly"
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[schedule]]", "[[schedule]", "cannot be read"),
        ("[[schedule]]", "[schedule]", "each schedule begins with a line [[schedule]]"),
        ("[[schedule]]", "[[schedules]]", "'schedules' is not known there"),
        ('name = "weekly"', "", "schedule number 1: name: is missing"),
        ('name = "weekly"', 'name = "../weekly"', "name: is to be of a-z"),
        ('name = "weekly"', 'name = "snapshots"', "name: the folder of that name holds the snapshots"),
        ('report = "weekly_report"', 'report = "weekly"', "schedule 'weekly': report: there is no report 'weekly' (did you mean 'weekly_report'?)"),
        ('cron = "0 7 * * MON"', 'cron = "0 7 * *"', "schedule 'weekly': cron: '0 7 * *' has not five fields"),
        ('cron = "0 7 * * MON"', "cron = 7", "cron: is no text"),
        ("Europe/Berlin", "Europe/Berlinn", "time_zone: 'Europe/Berlinn' is no time zone"),
        ("Europe/Berlin", "../etc/passwd", "is no time zone"),
        ('days = "last_week"', 'day = "last_week"', "parameters.day: this report has no such parameter"),
        ('days = "last_week"', 'from = "2026-13-01"', "parameters.from: "),
        ('days = "last_week"', "days = [1]", "parameters: is no table of texts and numbers"),
        ("team@example.com", "team", "to: number 1 is no e-mail address"),
        ("https://hooks.example/T0KEN", "nosuch://T0KEN", "on_failure: number 2 (nosuch://...)"),
        ("retries = 1", "retries = true", "retries: is not a number from 0 to 10"),
        ("retries = 1", "retrys = 1", "retrys: is not known (did you mean 'retries'?)"),
        ("retries = 1", WEEKLY, "two schedules are called 'weekly'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(pixels_home: Path, old: str, new: str, told: str) -> None:
    """File, schedule and key; no address that is a secret."""
    with pytest.raises(ConfigurationError) as refused:
        read(pixels_home, WEEKLY.replace(old, new))

    assert str(pixels_home / "reports.toml") in str(refused.value)
    assert told in str(refused.value)
    assert "T0KEN" not in str(refused.value)
