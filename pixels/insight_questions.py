"""Questions that go further than a count: what would be counted otherwise, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels import forecast, funnel, time_to_convert, what_if
from pixels.opened import Opened
from pixels.period import Day, Period, parse_period


class InsightQuestions(Opened):
    """Answers that follow from figures by a method, each described in docs/insight.md: nobody is named in them."""

    def time_to_convert(
        self,
        start: Day,
        end: Day,
        conversion: str = "deposit",
        by: str | None = None,
        within: str = "30d",
        confidence: float = 0.95,
    ) -> pl.DataFrame:
        """Which share has converted by when, those counted too who began a moment ago; see `pixels.time_to_convert.time_to_convert`.

        `conversion` "deposit": players who registered in the range, until their first deposit; "registration": people from their first
        visit in it until they register. A row for every unit of `within` (30d, 48h, 90m), or one a value of the dimension `by`
        and unit: after_seconds, people, at_risk, converted, converted_share (Kaplan and Meier's estimate), lower, upper.
        """
        period, by = parse_period(start, end), self._by(by)
        time_to_convert.check_question(conversion, within, confidence)
        return time_to_convert.time_to_convert(
            self._dimensions, period, conversion, by, within, confidence, self.time_zone, self.complete_until
        )

    def forecast(
        self,
        start: Day,
        end: Day,
        conversion: str = "deposit",
        by: str = "week",
        within: str = "30d",
        confidence: float = 0.9,
        learn: int = 180,
    ) -> pl.DataFrame:
        """How many of each cohort (`by` "week" or "month") convert `within` that time, whom it has not been over for included.

        cohort, people, converted (so far), open (who still has time), expected, lower, upper, mature. Learnt from the range and
        `learn` days before. `conversion` as in `time_to_convert`. See `pixels.forecast.forecast`.
        """
        period, people = self._cohorts_to_forecast(start, end, conversion, by, within, confidence, learn)
        return forecast.forecast(people, period, within, confidence, self.complete_until)

    def forecast_backtest(
        self,
        start: Day,
        end: Day,
        conversion: str = "deposit",
        by: str = "week",
        within: str = "30d",
        confidence: float = 0.9,
        learn: int = 180,
    ) -> pl.DataFrame:
        """What `forecast` would have said at the end of each cohort, beside what came: as_of, cohort, ..., actual, held.

        Of cohorts that were open then and are mature now; see `pixels.forecast.backtest`.
        """
        period, people = self._cohorts_to_forecast(start, end, conversion, by, within, confidence, learn)
        return forecast.backtest(people, period, by, within, confidence, self.complete_until, self.time_zone)

    def _cohorts_to_forecast(
        self, start: Day, end: Day, conversion: str, by: str, within: str, confidence: float, learn: int
    ) -> tuple[Period, pl.DataFrame]:
        period = parse_period(start, end)
        forecast.check_question(conversion, by, within, confidence, learn)
        people = forecast.people_of_cohorts(
            self._dimensions, period, conversion, by, learn, self.time_zone, self.complete_until
        )
        return period, people

    def what_if(
        self,
        rule: str,
        start: Day,
        end: Day,
        by: str = "banner_tag",
        per: str | None = None,
        banner: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """What would count by another rule, worked out from the records, beside what counts: see `pixels.what_if.what_if`.

        `rule` "per_day" (as it is: once a day, type and player), "per_event" (every event), "per_day_and_banner" (once a day,
        type, player and banner) or "first_ever" (the first event of a type that a player ever made). event_type, the
        dimension `by` (of banners), count (as in `summary`), what_if, difference; with `per` "day" event_date before them.
        Raises NoArchive when days are archived and the archive is not beside the snapshots.
        """
        rule, period, by = what_if.check_rule(rule), parse_period(start, end), self._dimensions.check_of_banners(by)
        if per is not None:
            funnel.one_of("per", per, what_if.PERS)
        self._check_keeps_every_record()
        return what_if.what_if(self._dimensions, rule, period, by, per, banner)
