"""Questions that are answered with records and people: what is behind a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pixels import event, funnel, funnel_players, newest, player, rejected, segments, transactions, why
from pixels.funnel import STEPS, Window
from pixels.opened import Opened
from pixels.period import Day, parse_day, parse_period
from pixels.reconciliation import result as reconciliation


class RecordQuestions(Opened):
    """Records of a snapshot and its archive, and the people behind its counts."""

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

    def segment_players(
        self, segment: str, on: Day | None = None, lapsed_after: int = 30, limit: int = 0
    ) -> pl.DataFrame:
        """The people of a segment who were seen last, at most `limit`; 0: as many as `segments` counts.

        player_id, first_seen, last_seen, registration_at, deposit_at, last_deposit_day, visitor_keys; see
        `pixels.segments.segment_players`.
        """
        question = segments.check_question(on, lapsed_after, self._last_day())
        return segments.segment_players(self._snapshot, segment, *question, limit)

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

    def transactions(self, start: Day, end: Day, banner: str | Sequence[str] | None = None) -> pl.DataFrame:
        """Every deposit received on some days, of all banners or those named, and the transaction that it is a part of.

        outcome: counted (its `amount` is a part of `wh.money`), same_transaction_again, same_event_again (`kept_*`: which
        deposit stands for it); event_date, created_at, player_id, banner_tag, txid, currency, amount, is_verified, id,
        metadata. See `pixels.transactions.transactions`. Raises NoArchive.
        """
        period = parse_period(start, end)
        self._check_keeps_every_record()
        return transactions.transactions(self._snapshot, period, self.time_zone, banner)

    def reconcile(
        self,
        file: pl.DataFrame | str | Path,
        type: str,  # noqa: A002 - what it is called
        start: Day | None = None,
        end: Day | None = None,
        banner: str | Sequence[str] | None = None,
        by: str | Sequence[str] | None = None,
        columns: Mapping[str, str | None] | None = None,
        time_zone: str | None = None,
        date_format: str | None = None,
        decimal: str = ".",
    ) -> reconciliation.Reconciliation:
        """Lay somebody else's log (CSV, Parquet, or a frame) of one event type beside ours; see docs/insight.md, "Whose log is right".

        `start`, `end`: the days compared, both included; None: those of the file. `banner`: whose events; None: those that the
        file names, of a file without banners all. `by`: which of day, banner, player, click_id, txid are compared; None: all that
        the file has. With one of the last three a row is one event, else rows are counts. `columns` {"player": "Customer"}:
        which column says what (also time, amount, currency, count), None: it is not read. `time_zone`: whose clock times without
        an offset are, and whose days, if the file has no times (None: the warehouse's); `date_format` such as "%d.%m.%Y".

        `summary`, `reasons` and `details` of the result are frames; theirs = matched + missing + different, and ours = matched +
        extra + different. Ours are counted events, and transactions where the file has a txid, or names events and amounts.
        Raises BadParameter, NoArchive.
        """
        self._check_keeps_every_record()
        asked = reconciliation.Asked(file, type, start, end, banner, by, columns, time_zone, date_format, decimal)
        return reconciliation.reconcile(self._dimensions, asked, self.complete_until)

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

    def newest_events(self, number: int = 50) -> pl.DataFrame:
        """The newest events, the newest first: created_at, event_type, player_id, banner_tag, id, counted.

        `counted`: whether it is the one that counts for its player, day and type. Raises BadParameter.
        """
        return newest.newest_events(self._snapshot, number)

    def rejected(
        self, since: Day | None = None, until: Day | None = None, reasons: str | Sequence[str] = (), limit: int = 100
    ) -> pl.DataFrame:
        """The newest refusals of some days (None: ever), for one reason or some (none: any); at most `limit`, 0: all.

        rejected_at, reason, count (of refusals that the row stands for), detail, refusal (its id). Archived ones included.
        """
        period, chosen = rejected.period_of(since, until), rejected.checked_reasons(reasons)
        rejected.check_limit(limit)
        self._check_keeps_every_record()
        return rejected.listed(self._snapshot, period, self.time_zone, chosen, limit)

    def rejected_by_reason(
        self, since: Day | None = None, until: Day | None = None, reasons: str | Sequence[str] = ()
    ) -> pl.DataFrame:
        """How many were refused for which reason: reason, count; the most first. Those that were only counted included."""
        period, chosen = rejected.period_of(since, until), rejected.checked_reasons(reasons)
        self._check_keeps_every_record()
        return rejected.sums(self._snapshot, period, chosen)

    def refusal(self, id: str) -> pl.DataFrame:  # noqa: A002 - what it is called
        """One refusal by its id, with its payload: a row of `rejected_events`. Raises BadParameter when there is none."""
        self._check_keeps_every_record()
        return rejected.refusal(self._snapshot, id)
