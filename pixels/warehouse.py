"""One consistent snapshot of the published numbers, and every question that it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from pixels import (
    accounting,
    activity_by,
    changes,
    cohorts,
    compared,
    conversions,
    costs,
    event,
    funnel,
    funnel_players,
    hours,
    known_banners,
    kpis,
    metrics,
    money,
    player,
    rejected,
    running_day,
    segments,
    why,
)
from pixels.dimensions import Dimensions
from pixels.errors import BadParameter, NoSnapshot
from pixels.funnel import STEPS, Window
from pixels.period import Day, Period, parse_day, parse_period
from pixels.pointer import LastCheck, Pointer
from pixels.snapshot import Parameters, Snapshot

_SCHEMA_THAT_KEEPS_EVERY_RECORD = 3


class Source(Protocol):
    """Where snapshots come from."""

    def pointer(self) -> Pointer:
        """Return what is published there now. Raises NoSnapshot when nothing is."""

    def open(self) -> Warehouse:
        """Return the newest snapshot of it."""

    def kept(self, number: int) -> Warehouse:
        """Return the snapshot with this number. Raises NoSnapshot when it is not kept there."""


class Warehouse:
    """One published snapshot: read-only, unchanging, usable from several threads and as a context manager.

    Days are calendar days of `time_zone`, inclusive at both ends, given as dates or as text such as "2026-11-22"; what
    is not a day raises BadParameter. Frames are Polars, in a fixed order; instants are UTC.
    """

    def __init__(self, pointer: Pointer, snapshot: Snapshot, source: Source | None, tag_pattern: str) -> None:
        self._pointer, self._snapshot, self._source, self._tag_pattern = pointer, snapshot, source, tag_pattern
        knows_banners = pointer.schema_version >= known_banners.SCHEMA_WITH_BANNERS
        self._dimensions = Dimensions(snapshot, tag_pattern, knows_banners, pointer.time_zone)

    @property
    def file(self) -> Path:
        """The snapshot's file. It may be gone from the folder by now; what is open stays readable."""
        return self._snapshot.file

    @property
    def snapshot(self) -> int:
        """Number of the newest pass that changed a figure; 0 in an empty warehouse."""
        return self._pointer.snapshot

    @property
    def as_of(self) -> datetime:
        """When that pass committed."""
        return self._pointer.as_of

    @property
    def complete_until(self) -> datetime:
        """Every event acknowledged before this instant is counted here ("data through"), as known when opened."""
        return self._pointer.complete_until

    @property
    def last_pass_at(self) -> datetime:
        """When the last pass ended, as known when opened; `status()` reads it anew."""
        return self._pointer.last_pass_at

    @property
    def last_event_at(self) -> datetime | None:
        """created_at of the newest event; None in an empty warehouse."""
        return self._pointer.last_event_at

    @property
    def time_zone(self) -> str:
        """IANA name of the time zone whose calendar days are counted."""
        return self._pointer.time_zone

    @property
    def tag_pattern(self) -> str:
        """The regular expression whose named groups are the parts of a banner tag."""
        return self._tag_pattern

    @property
    def is_demo(self) -> bool:
        """Whether this is made-up data."""
        return self._pointer.is_demo

    def status(self) -> Pointer:
        """Return what is published now, which may be newer than this snapshot. Raises NoSnapshot when nothing is.

        Opened from one file, it stands for that file alone.
        """
        return self._source.pointer() if self._source else self._pointer

    @property
    def last_check(self) -> LastCheck | None:
        """What the last comparison of the figures with the records found, as known when opened; None: there was none.

        `pixels rebuild --check` makes one; `status()` reads it anew.
        """
        return self._pointer.last_check

    def fresh(self) -> bool:
        """Whether no newer snapshot has been published."""
        return self.status().names_the_snapshot_of(self._pointer)

    def reload(self) -> Warehouse:
        """Return the newest snapshot: this object when it is that, else a new one; the old one stays open."""
        if self._source is None or self.fresh():
            return self
        return self._source.open()

    def metrics(self, start: Day, end: Day, per: str = "day") -> pl.DataFrame:
        """Players counted by day and type: event_date, event_type, count. Days without an event have no row.

        `per` "week" (from Monday) or "month": sums of the daily counts of the range, event_date the first day of it, and
        `partial`: whether it goes beyond the range, or was not over by `complete_until`.
        """
        period, per = parse_period(start, end), metrics.check_per(per)
        return metrics.summed(metrics.metrics(self._snapshot, period), per, period, self._day_of(self.complete_until))

    def summary(
        self,
        start: Day,
        end: Day,
        banner: str | Sequence[str] | None = None,
        by: str = "banner_tag",
        per: str = "day",
    ) -> pl.DataFrame:
        """As `metrics`, by banner, of all banners or those named: event_date, event_type, banner_tag, count.

        `by` another dimension, as in `funnel`, of the counted event: its column is in the place of banner_tag.
        """
        period, per = parse_period(start, end), metrics.check_per(per)
        counts = activity_by.summary_by(self._dimensions, period, self._dimensions.check(by), banner)
        return metrics.summed(counts, per, period, self._day_of(self.complete_until))

    def hours(self, start: Day, end: Day | None = None) -> pl.DataFrame:
        """Counted events by local hour, "first visit of the day, by hour"; `end` None: one day. See `pixels.hours.hours`.

        event_date, hour (0 to 23), starts_at (UTC, tells the two hours apart when clocks go back), event_type, count (0 too),
        partial. Hours that have begun by `complete_until` have a row. Raises BadParameter for more than 366 days.
        """
        period = hours.check_days(parse_period(start, start if end is None else end))
        return hours.hours(self._snapshot, period, self.time_zone, self.complete_until)

    def banners(self, start: Day, end: Day, by: str = "banner_tag") -> pl.DataFrame:
        """Sums of daily counts: banner_tag, or the dimension `by`; visits, registrations, deposits; most deposits first."""
        return activity_by.banners_by(self._dimensions, parse_period(start, end), self._dimensions.check(by))

    def kpis(self, start: Day, end: Day, by: str | None = None, credit: str = "event") -> pl.DataFrame:
        """The figures of the range in one row, or one a value of the dimension `by`; each defined in docs/metrics.md.

        daily_unique_visitors, unique_visitors, registrations, ftd, ndc, first_deposits_without_registration, deposit_days,
        deposit_transactions (null in a snapshot made before these were kept). By a dimension all but the last, FTD and NDC
        credited to the event of the deposit, or with `credit` "registration" to that of the registration before it.
        """
        period = parse_period(start, end)
        funnel.one_of("credit", credit, conversions.CREDITS)
        if by is not None:
            return activity_by.kpis_by(self._dimensions, period, self.time_zone, self._dimensions.check(by), credit)
        return kpis.kpis(self._snapshot, period, self.time_zone, has_transactions=self._keeps_every_record)

    def costs(self, start: Day, end: Day, by: str = "banner_tag", credit: str = "event") -> pl.DataFrame:
        """What banners cost, and what each registration and FTD of the range cost by that; see `pixels.costs.costs`.

        The dimension `by` (of banners), cost, banners, registrations, cost_per_registration, ftd, cost_per_ftd,
        banners_without_cost. A cost is that of the whole banner: ask for the days that it was paid for.
        """
        period = parse_period(start, end)
        funnel.one_of("credit", credit, conversions.CREDITS)
        return costs.costs(self._dimensions, period, self.time_zone, self._dimensions.check(by), credit)

    def days_with_data(self) -> Period | None:
        """The first and the last day with a counted event, as a `pixels.period.Period`; None in an empty warehouse."""
        return compared.days_with_data(self._snapshot)

    def compare(self, start: Day, end: Day, against: str = "previous") -> pl.DataFrame:
        """The figures of `kpis` beside those of as many earlier days, one row a figure: figure, now, before, change, ...

        ... start, end, before_start, before_end. `against` "previous", the days just before, or "weekday", the same days of the
        week before. null where nothing fair is there to compare with; days that are not over raise BadParameter. See
        `pixels.compared.compare`.
        """
        running, against = self._day_of(self.complete_until), compared.check_against(against)
        period = compared.check_is_over(parse_period(start, end), running)
        data = self.days_with_data()
        return compared.compare(lambda days: self.kpis(days.start, days.end), period, running, data, against)

    def today(self) -> pl.DataFrame:
        """The day that goes on at `complete_until`, beside the same day a week earlier up to the same local time.

        event_date, until, event_type, count, before_date, before_until, before, change (relative; null where before is 0 or
        not known). See `pixels.running_day.today`.
        """
        return running_day.today(self._snapshot, self.time_zone, self.complete_until, self.days_with_data())

    def money(
        self, start: Day, end: Day, banner: str | Sequence[str] | None = None, by: str | None = None
    ) -> pl.DataFrame:
        """What deposits were worth, one row a currency, of all banners or those named; see `pixels.money.money`.

        currency, transactions, amount, and of these the money: signed_transactions, signed_amount, signed_share; and what
        anybody could have sent: unverified_transactions, unverified_amount. Amounts are exact decimals. `by` a dimension of
        the deposit, as in `funnel`, which is the first column then.
        """
        period, by = parse_period(start, end), self._by(by)
        self._check_keeps_every_record()
        return money.money(self._dimensions, period, banner, by)

    def funnel(
        self,
        start: Day,
        end: Day,
        window: Window = "7d",
        order: str = "ordered",
        entrants: str = "all",
        by: str | None = None,
        steps: Sequence[str] = STEPS,
    ) -> pl.DataFrame:
        """Of the people who took the first step in the range, how many took the next ones; see `pixels.funnel.funnel`.

        `window` 7d, 12h, 30m, or one for each later step, ["1d", "7d"] or {"registration": "1d", "deposit": "7d"}; `order`
        "ordered" (other steps may come between), "strict" (none may) or "any" (the later steps in any order); `entrants`
        "all", or "new": without those who had registered before; `by` a dimension of the entry: "banner_tag", "affiliate",
        "campaign", "name", a part of the tag, "metadata.KEY". One row a step, or one a value and step. Entries whose window
        was not over by `complete_until` are also counted apart, as immature.
        """
        question, period = funnel.ask(steps, window, order, entrants), parse_period(start, end)
        return funnel.funnel(self._dimensions, period, question, self._by(by), self.complete_until)

    def funnel_players(
        self,
        step: int,
        start: Day,
        end: Day,
        window: Window = "7d",
        order: str = "ordered",
        entrants: str = "all",
        steps: Sequence[str] = STEPS,
        banner: str | None = None,
        dropped: bool = False,
        where: Mapping[str, str | None] | None = None,
    ) -> pl.DataFrame:
        """The people behind `players` of a step (1, 2, ...) of `wh.funnel` with the same parameters, one row each.

        player_id, banner_tag (of the entry; `banner` asks for one), entered_at, step_at, visitor_keys (list), mature. With
        `dropped` those who took the step before and not this one; `where` {"affiliate": "X"} asks for entries with this value
        of a dimension, None: without one. See `pixels.funnel_players.funnel_players`.
        """
        question, period = funnel.ask(steps, window, order, entrants), parse_period(start, end)
        chosen = funnel_players.checked_where(self._dimensions, banner, where)
        return funnel_players.funnel_players(
            self._dimensions, period, question, self.complete_until, step, chosen, dropped=dropped
        )

    def conversions(self, start: Day, end: Day, by: str | None = None, credit: str = "event") -> pl.DataFrame:
        """Of the new visitors of the range, how many registered within 7 days, and how many of those deposited.

        Mature entries only: visitors, registrations, registration_rate, credited_registrations, deposits, deposit_rate, and
        apart from them immature; see `pixels.conversions.conversions`. One row, or one a value of a dimension of the entry,
        `by` as in `funnel`; with `credit` "registration" deposits count for that of the registration instead.
        """
        period = parse_period(start, end)
        return conversions.conversions(self._dimensions, period, self._by(by), credit, self.complete_until)

    def why(self, date: Day, type: str, banner: str | None = None) -> pl.DataFrame:  # noqa: A002 - what it is called
        """Every record received for a day, a type and a banner, with what became of it; see `pixels.why.why`.

        `outcome`: counted, same_player_again, credited_to_another_banner (`kept_*`: which event counts instead),
        same_event_again (`kept_*`: which record is the event), bot, refused (`reason`, `detail`), and
        refused_not_attributable: how many `records` of the day's refusals do not say what they were to be.
        Raises NoArchive when the day is archived and the archive is not beside the snapshots.
        """
        day = parse_day("date", date)
        why.check_question(type, banner)
        self._check_keeps_every_record()
        return why.why(self._snapshot, day, type, banner)

    def accounting(
        self,
        start: Day,
        end: Day | None = None,
        type: str | None = None,  # noqa: A002 - what it is called
        banner: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """What became of all that was received, by day, type and banner, of all or of those named; `end` None: one day.

        event_date, event_type, banner_tag, received, and what it is the sum of: counted (as in `summary`),
        same_player_again, credited_to_another_banner, same_event_again, bots. `refused` has the rest; `why` the records.
        """
        self._check_keeps_every_record()
        return accounting.accounting(self._snapshot, parse_period(start, start if end is None else end), type, banner)

    def refused(self, start: Day, end: Day | None = None) -> pl.DataFrame:
        """What was received and refused, by day of receipt and reason, for whatever type and banner; `end` None: one day.

        event_date, reason, count. `rejected_by_reason` sums it, `rejected` lists the refusals.
        """
        self._check_keeps_every_record()
        return accounting.refused(self._snapshot, parse_period(start, start if end is None else end))

    def cohorts(self, start: Day, end: Day, by: str = "week", periods: int = 12) -> pl.DataFrame:
        """Of the players who registered in each week or month, how many made a first and a repeated deposit by when.

        `by` "week" (from Monday) or "month"; `periods` cells a cohort at most. cohort (its first day), offset, players, and with
        their rates first_depositors, repeat_depositors, active_depositors; mature. See `pixels.cohorts.cohorts`.
        """
        period = parse_period(start, end)
        cohorts.check_question(by, periods)
        return cohorts.cohorts(
            self._snapshot, period, by, periods, self.time_zone, self._day_of(self.complete_until), self._last_day()
        )

    def segments(self, on: Day | None = None, lapsed_after: int = 30) -> pl.DataFrame:
        """Where people stood at the end of a day (None: the last one with data): segment, people, everybody, share.

        visitor, registered (without a deposit), depositor (within the last `lapsed_after` days) and lapsed (not within them),
        in this order; see `pixels.segments.segments`.
        """
        return segments.segments(self._snapshot, *segments.check_question(on, lapsed_after, self._last_day()))

    def segment_players(self, segment: str, on: Day | None = None, lapsed_after: int = 30) -> pl.DataFrame:
        """The people of a segment, as many as `segments` counts: player_id, first_seen, last_seen, registration_at, ...

        ... deposit_at, last_deposit_day, visitor_keys; see `pixels.segments.segment_players`.
        """
        question = segments.check_question(on, lapsed_after, self._last_day())
        return segments.segment_players(self._snapshot, segment, *question)

    def _day_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def _last_day(self) -> date:
        """Return the last day of which there may be events: a sender's clock, or a signed createdAt, can be ahead."""
        return self._day_of(max(self.complete_until, self.last_event_at or self.complete_until))

    def changes(
        self, since_snapshot: int | Warehouse, start: Day | None = None, end: Day | None = None
    ) -> pl.DataFrame:
        """The daily counts that differ from those of an older snapshot, on some days (None: ever).

        `since_snapshot` is the number of one that is still kept, or the older warehouse itself. event_date, event_type,
        banner_tag, before, after, change, revised (the day was over by then: late events; false: it went on).
        Raises BadParameter, also when the older one is newer or counts days of another time zone; NoSnapshot.
        """
        period = changes.days_from_to(start, end)
        with ExitStack() as opened:
            older = since_snapshot
            if not isinstance(older, Warehouse):
                older = opened.enter_context(self._kept(older))
            return changes.changes(older, self, period)

    def _kept(self, number: int) -> Warehouse:
        if not isinstance(number, int) or isinstance(number, bool):
            raise BadParameter("since_snapshot", f"{number!r} is neither the number of a snapshot nor a warehouse")
        if self._source is None:
            raise BadParameter(
                "since_snapshot", f"older snapshots do not lie beside {self.file}: hand over the older warehouse itself"
            )
        return self._source.kept(number)

    def player(self, id: str, since: Day | None = None, until: Day | None = None) -> pl.DataFrame:  # noqa: A002 - what it is called
        """Every record of a person on some days (None: ever), in the order of time; see `pixels.player.player`.

        `id` is a player id or a visitor key; the person is the player with all linked visitor keys. person, created_at,
        event_date, event_type, banner_tag, player_id (as sent), visitor_key, and as in `why` outcome, id, metadata, kept_*.
        Raises BadParameter when nobody of that id has a record, NoArchive as `why` does.
        """
        self._check_keeps_every_record()
        return player.player(self._snapshot, id, rejected.period_of(since, until))

    def event(self, id: str, since: Day | None = None, until: Day | None = None) -> pl.DataFrame:  # noqa: A002 - what it is called
        """Whether an event was received, whether it counted, and if not why; see `pixels.event.event`.

        A row a record with the id on some days (None: ever): outcome, id, created_at, event_date, event_type, banner_tag,
        player_id, metadata, and as in `why` kept_*. Raises BadParameter when none is held, NoArchive as `why` does.
        """
        self._check_keeps_every_record()
        return event.event(self._snapshot, id, rejected.period_of(since, until))

    def rejected(
        self, since: Day | None = None, until: Day | None = None, reasons: Sequence[str] = (), limit: int = 100
    ) -> pl.DataFrame:
        """The newest refusals of some days (None: ever), for some reasons (none: any); at most `limit`, 0: all.

        rejected_at, reason, count (of refusals that the row stands for), detail, refusal (its id). Archived ones included.
        """
        self._check_keeps_every_record()
        return rejected.listed(self._snapshot, rejected.period_of(since, until), self.time_zone, reasons, limit)

    def rejected_by_reason(
        self, since: Day | None = None, until: Day | None = None, reasons: Sequence[str] = ()
    ) -> pl.DataFrame:
        """How many were refused for which reason: reason, count; the most first. Those that were only counted included."""
        self._check_keeps_every_record()
        return rejected.sums(self._snapshot, rejected.period_of(since, until), reasons)

    def refusal(self, id: str) -> pl.DataFrame:  # noqa: A002 - what it is called
        """One refusal by its id, with its payload: a row of `rejected_events`. Raises BadParameter when there is none."""
        self._check_keeps_every_record()
        return rejected.refusal(self._snapshot, id)

    def known_banners(self) -> pl.DataFrame:
        """What `pixels banners import` was told: banner_tag, affiliate, campaign, name, cost (null: nothing), by tag.

        cost is a decimal with 4 places, in the currency of whoever wrote the file. Banners that nobody listed have no row.
        """
        return known_banners.known_banners(self._snapshot, self._pointer.schema_version)

    @property
    def _keeps_every_record(self) -> bool:
        return self._pointer.schema_version >= _SCHEMA_THAT_KEEPS_EVERY_RECORD

    def _check_keeps_every_record(self) -> None:
        if not self._keeps_every_record:
            raise NoSnapshot(
                f"{self._snapshot.file} was made before Pixels kept every record: run `pixels aggregate`, then open it again"
            )

    def _by(self, by: str | None) -> str | None:
        return None if by is None else self._dimensions.check(by)

    def sql(self, query: str, params: Parameters | None = None) -> pl.DataFrame:
        """Run one SELECT over the snapshot's tables, `params` bound to ? or $name.

        It can read no other file, change nothing, and see no Python variable; such a query raises PixelsError.
        """
        return self._snapshot.sql(query, params)

    def standing_for(self, pointer: Pointer) -> Warehouse:
        """Return the same snapshot, of which `pointer` says how complete it is."""
        return Warehouse(pointer, self._snapshot, self._source, self._tag_pattern)

    def close(self) -> None:
        """Release the file."""
        self._snapshot.close()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        demo = ", demo data" if self.is_demo else ""
        return f"<pixels.Warehouse snapshot {self.snapshot} as of {self.as_of:%Y-%m-%d %H:%M:%S} UTC, days in {self.time_zone}{demo}>"
