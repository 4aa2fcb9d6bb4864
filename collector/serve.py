"""`pixels collect`: run the collector until it is told to stop."""

from __future__ import annotations

import logging

from collector.gunicorn_app import CollectorServer
from collector.sinks import open_local_log
from pixels.config import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is under way, close the logs and exit the process.

    Prints `collector: listening on http://HOST:PORT` on stdout when the port is open. Leaves by `SystemExit`;
    raises `LogUnavailable` when the local log cannot be opened.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not settings.kafka_bootstrap_servers:
        open_local_log(settings.log_dir).close()  # a fault is told once and plainly, before workers try again and again
    CollectorServer(settings).run()
