"""Demo data: 90 days of invented history, and live pixels that go on from there.

    history(days=90, until=now, seed=1)     the events before now, the same for the same seed
    backfill(settings, now=now)             writes them into the embedded log of a demo home, once
    live(collector_url, stop)               sends pixels over HTTP until told to stop

`pixels up --demo` runs both; demo data never enters a home that holds real data.
"""

from pixels.config import DEMO_MARKER
from pixels.demo.backfill import backfill
from pixels.demo.past import history
from pixels.demo.sender import live

__all__ = ["DEMO_MARKER", "backfill", "history", "live"]
