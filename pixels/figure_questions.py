"""Questions that are answered with counts: nobody is named in the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from pixels import (
    accounting,
    activity_by,
    cohorts,
    compared,
    compared_banners,
    conversions,
    costs,
    daily,
    funnel,
    hours,
    kpis,
    metrics,
    money,
    running_day,
    segments,
)
from pixels.anomalies import figures as figure_anomalies
from pixels.funnel import STEPS, Window
from pixels.opened import Opened
from pixels.period import Day, Period, parse_period


class FigureQuestions(Opened):
    """Figures of a snapshot, each defined in docs/metrics.md."""

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
        deposit_transactions (null in a snapshot made before these were kept). By a dimension FTD and NDC are credited to the
        event of the deposit, or with `credit` "registration" to that of the registration before it.
        """
        period, kept = parse_period(start, end), self._keeps_every_record
        funnel.one_of("credit", credit, conversions.CREDITS)
        if by is None:
            return kpis.kpis(self._snapshot, period, self.time_zone, has_transactions=kept)
        by = self._dimensions.check(by)
        return activity_by.kpis_by(self._dimensions, period, self.time_zone, by, credit, has_transactions=kept)

    def daily(self, start: Day, end: Day, by: str | None = None, credit: str = "event") -> pl.DataFrame:
        """The figures of `kpis` that add up over days, one row a day that has any, or a day and value of a dimension.

        event_date, the dimension `by`, daily_unique_visitors, registrations, ftd, first_deposits_without_registration,
        deposit_days; see `pixels.daily.daily`.
        """
        period, by = parse_period(start, end), self._by(by)
        funnel.one_of("credit", credit, conversions.CREDITS)
        return daily.daily(self._dimensions, period, self.time_zone, by, credit)

    def costs(self, start: Day, end: Day, by: str = "banner_tag", credit: str = "event") -> pl.DataFrame:
        """What banners cost, and what each registration and FTD of the range cost by that; see `pixels.costs.costs`.

        The dimension `by` (of banners), cost, banners, registrations, cost_per_registration, ftd, cost_per_ftd,
        banners_without_cost. A cost is that of the whole banner: ask for the days that it was paid for.
        """
        period = parse_period(start, end)
        funnel.one_of("credit", credit, conversions.CREDITS)
        return costs.costs(self._dimensions, period, self.time_zone, self._dimensions.check(by), credit)

    def money(
        self,
        start: Day,
        end: Day,
        banner: str | Sequence[str] | None = None,
        by: str | None = None,
        per: str | None = None,
    ) -> pl.DataFrame:
        """What deposits were worth, one row a currency, of all banners or those named; see `pixels.money.money`.

        currency, transactions, amount, and of these the money: signed_transactions, signed_amount, signed_share; and what
        anybody could have sent: unverified_transactions, unverified_amount. Amounts are exact decimals. `by` a dimension of
        the deposit, as in `funnel`, which is the first column then; `per` "day": one row a day too, event_date before it.
        """
        period, by = parse_period(start, end), self._by(by)
        if per is not None:
            funnel.one_of("per", per, ("day",))
        self._check_keeps_every_record()
        return money.money(self._dimensions, period, banner, by, per)

    def days_with_data(self) -> Period | None:
        """The first and the last day with a counted event, as a `pixels.period.Period`; None in an empty warehouse."""
        return compared.days_with_data(self._snapshot)

    def first_days(self) -> dict[str, date]:
        """The day of the first counted event of each event type that has one: nothing is known of it before that day."""
        return compared.first_days(self._snapshot)

    def compare(self, start: Day, end: Day, against: str = "previous") -> pl.DataFrame:
        """The figures of `kpis` beside those of as many earlier days, one row a figure: figure, now, before, change, ...

        ... start, end, before_start, before_end. `against` "previous", the days just before, or "weekday", the same days of the
        week before. null where nothing fair is there to compare with; days that are not over raise BadParameter. See
        `pixels.compared.compare`.
        """
        running, against = self._day_of(self.complete_until), compared.check_against(against)
        period = compared.check_is_over(parse_period(start, end), running)
        first = compared.first_days(self._snapshot)
        return compared.compare(lambda days: self.kpis(days.start, days.end), period, running, first, against)

    def today(self) -> pl.DataFrame:
        """The day that goes on at `complete_until`, beside the same day a week earlier up to the same local time.

        event_date, until, event_type, count, before_date, before_until, before, change (relative; null where before is 0 or
        not known). See `pixels.running_day.today`.
        """
        first = compared.first_days(self._snapshot)
        return running_day.today(self._snapshot, self.time_zone, self.complete_until, first)

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

    def conversions(
        self, start: Day, end: Day, by: str | None = None, credit: str = "event", per: str | None = None
    ) -> pl.DataFrame:
        """Of the new visitors of the range, how many registered within 7 days, and how many of those deposited.

        Mature entries only: visitors, registrations, registration_rate, credited_registrations, deposits, deposit_rate, and
        apart from them immature; see `pixels.conversions.conversions`. One row, or one a value of a dimension of the entry,
        `by` as in `funnel`; with `credit` "registration" deposits count for that of the registration instead. `per` "day":
        one row an entry day, `entry_date`, and value.
        """
        period = parse_period(start, end)
        return conversions.conversions(self._dimensions, period, self._by(by), credit, self.complete_until, per)

    def anomalies(
        self,
        start: Day,
        end: Day,
        by: str = "banner_tag",
        everything: bool = False,
        rates: bool = True,
        false_discoveries: float = figure_anomalies.FALSE_DISCOVERIES,
    ) -> pl.DataFrame:
        """Days on which a figure was not what the days before let expect: of all together, and of each value of `by`.

        event_date, measure (daily_unique_visitors, registrations, ftd of the day; registration_rate, deposit_rate of those who
        entered in the 7 days up to it), is_total, the dimension (null for all together), value, expected, lower, upper (chance
        alone puts one day in 1,000 outside), score (standard deviations), p_value, is_anomaly, explained_by and
        explained_change (of all together: the value with the largest part of the difference, and its own), kind ("silence",
        "fall", "rise"). `everything`: also the days on which nothing stands out; `rates` False: counts alone, which is
        quicker. `false_discoveries`: the share of what stands
        out on a day that does so by chance, at most, on average. Only days that are over; a share when its 7 days are too.
        A series needs 14 days before. See docs/insight.md.
        """
        period, by = parse_period(start, end), self._dimensions.check(by)
        rate = figure_anomalies.check_rate(false_discoveries)
        running, known = self._day_of(self.complete_until), self.days_with_data()
        history = figure_anomalies.history(period, known.start if known else None, running)
        found = figure_anomalies.anomalies(
            self.daily(history.start, history.end, by=by),
            self.conversions(history.start, history.end, by=by, per="day") if rates else None,
            by,
            period,
            history,
            running - timedelta(days=figure_anomalies.WEEK + 1),
            rate,
        )
        return found if everything else found.filter("is_anomaly")

    def compare_banners(
        self,
        start: Day,
        end: Day,
        by: str = "banner_tag",
        measure: str = "registration_rate",
        credit: str = "event",
    ) -> pl.DataFrame:
        """Which banner, or value of another dimension `by`, is better: rates with their intervals, and which is the best.

        `measure` "registration_rate" (of the visitors who registered) or "deposit_rate" (of those who deposited, FTD), counted
        as in `conversions`, by `credit`. entries, converted, rate, rate_lower, rate_upper, expected_rate, expected_lower,
        expected_upper, shrinkage, probability_best, expected_loss, few, immature; the most probable to be the best first. The sentence to it is
        `pixels.banner_verdict.banner_verdict`; see `pixels.compared_banners.compared_banners`. Raises BadParameter.
        """
        measure = compared_banners.check_measure(measure)
        counts = self.conversions(start, end, by=self._dimensions.check(by), credit=credit)
        return compared_banners.compared_banners(counts, by, measure)

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

    def known_banners(self) -> pl.DataFrame:
        """What `pixels banners import` was told: banner_tag, affiliate, campaign, name, cost (null: nothing), by tag.

        cost is a decimal with 4 places, in the currency of whoever wrote the file. Banners that nobody listed have no row.
        """
        return self._dimensions.known_banners()
