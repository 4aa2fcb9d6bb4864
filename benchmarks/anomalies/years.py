"""Years of daily figures, drawn by chance: banners of all sizes, the rhythm of a week, slow growth, and what can break."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from pixels.anomalies.figures import COUNTS
from pixels.demo.story import WEEK

SILENCE, HALF, BURST, BROKEN, CONVERTS_LESS = (
    "no events for a day",
    "half as many visitors for a day",
    "three times as many visitors for a day",
    "no registration for a day, visitors as ever",
    "half as many convert from a day on",
)
FAULTS = (SILENCE, HALF, BURST, BROKEN, CONVERTS_LESS)
SIZES = ("under 30 visitors a day", "30 to 100", "over 100")


def size_of(visitors: float) -> str:
    """Return how large a banner is, in words."""
    return SIZES[0] if visitors < 30 else SIZES[1] if visitors < 100 else SIZES[2]


class Year:
    """Figures by banner and day."""

    def __init__(self, first: date, days: int, banners: int, spread: float, together: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.days = [first + timedelta(days=day) for day in range(days)]
        self.names = [f"banner{number}" for number in range(banners)]
        self.sizes = np.exp(rng.uniform(np.log(5), np.log(400), banners))
        rhythm = np.array([WEEK[day.weekday()] for day in self.days]) * (1 + 0.0006 * np.arange(days))
        means = (
            self.sizes[:, None] * rhythm * rng.lognormal(0, spread, (banners, days)) * rng.lognormal(0, together, days)
        )
        self.shares = rng.uniform(0.03, 0.14, banners)[:, None]
        self.visitors = rng.poisson(means)
        self.registrations = rng.binomial(self.visitors, self.shares)
        self.ftd = rng.binomial(self.registrations, 0.5)
        self.entered = self.visitors.copy()
        self.converted = rng.binomial(self.entered, self.shares)
        self.deposited = rng.binomial(self.converted, 0.5)

    def break_it(self, fault: str, banner: int, day: int, rng: np.random.Generator) -> None:
        """Let something happen to a banner, on a day or from it on."""
        figures = (self.visitors, self.registrations, self.ftd, self.entered, self.converted, self.deposited)
        if fault == SILENCE:
            for counts in figures:
                counts[banner, day] = 0
        elif fault == HALF:
            for counts in figures:
                counts[banner, day] = rng.binomial(counts[banner, day], 0.5)
        elif fault == BURST:
            self.visitors[banner, day] *= 3
            self.entered[banner, day] *= 3
        elif fault == BROKEN:
            for counts in (self.registrations, self.ftd, self.converted, self.deposited):
                counts[banner, day] = 0
        else:
            for counts in (self.registrations, self.ftd, self.converted, self.deposited):
                counts[banner, day:] = rng.binomial(counts[banner, day:], 0.5)

    def daily(self) -> pl.DataFrame:
        """As `wh.daily(by="banner_tag")` gives them."""
        return self._frame("event_date", dict(zip(COUNTS, (self.visitors, self.registrations, self.ftd), strict=True)))

    def entries(self) -> pl.DataFrame:
        """As `wh.conversions(by="banner_tag", per="day")` gives them."""
        columns = {
            "visitors": self.entered,
            "registrations": self.converted,
            "credited_registrations": self.converted,
            "deposits": self.deposited,
        }
        return self._frame("entry_date", columns)

    def _frame(self, day: str, columns: dict[str, np.ndarray[tuple[int, int], np.dtype[np.int64]]]) -> pl.DataFrame:
        of_days = pl.Series(day, self.days * len(self.names))
        of_names = pl.Series("banner_tag", np.repeat(self.names, len(self.days)).tolist())
        return pl.DataFrame([of_days, of_names, *(pl.Series(name, counts.ravel()) for name, counts in columns.items())])
