"""Which days a page shows, what is known of them, and which earlier ones they stand beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from panel_app.address import NO_COMPARISON, Address
from panel_app.periods import chosen_period, default_choice
from panel_app.source import Answers, Standing, local_day
from pixels import Warehouse
from pixels.compared import comparable_days, earlier_days
from pixels.period import Period


@dataclass(frozen=True)
class Situation:
    """What an address comes to on the data of a snapshot."""

    snapshot: int
    time_zone: str
    complete_until: datetime
    """Of the figures: what they count as mature was so at this instant."""
    choice: str
    """The preset, or the days written out; never empty."""
    period: Period
    today: date
    """The day that is running."""
    data: Period | None
    """The days from the first to the last that have a counted event; None: there is none at all."""
    first_days: Mapping[str, date]
    against: str

    @property
    def earlier(self) -> Period | None:
        """The days to compare with, whether or not that is fair; None when nothing is to be compared."""
        return None if self.against == NO_COMPARISON else earlier_days(self.period, self.against)

    def fair_days(self, event_types: Collection[str]) -> Period | None:
        """Return the days to compare with what is counted from events of these types; None where that would mislead."""
        if self.against == NO_COMPARISON:
            return None
        return comparable_days(self.period, self.today, self.first_days, event_types, self.against)

    @property
    def running_day(self) -> date | None:
        """The day of the period that is not over."""
        return self.today if self.period.start <= self.today <= self.period.end else None


def situation(answers: Answers, address: Address, standing: Standing, default_days: str = "") -> Situation:
    """Resolve the days of an address, or those that its page opens with. Raises PixelsError."""
    warehouse = answers.warehouse
    data = answers.ask(_days_with_data)
    today = local_day(standing.complete_until, standing.time_zone)
    choice = address.days or default_days or default_choice(today, data)
    return Situation(
        snapshot=warehouse.snapshot,
        time_zone=warehouse.time_zone,
        complete_until=warehouse.complete_until,
        choice=choice,
        period=chosen_period(choice, today, data),
        today=today,
        data=data,
        first_days=answers.ask(_first_days),
        against=address.against,
    )


def _days_with_data(warehouse: Warehouse) -> Period | None:
    return warehouse.days_with_data()


def _first_days(warehouse: Warehouse) -> dict[str, date]:
    return warehouse.first_days()
