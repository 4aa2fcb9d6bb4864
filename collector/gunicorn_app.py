"""gunicorn, configured by Pixels' settings alone: no configuration file, no environment of its own, no command line."""

from __future__ import annotations

import logging
import os
import signal
import sys
from socket import socket
from typing import Any, ClassVar

import structlog
from falcon.asgi import App
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.base import Worker
from uvicorn_worker import UvicornWorker

from collector.app import create_app
from collector.clock import utc_now
from collector.counters import CounterTable
from collector.event_log import LogUnavailable
from collector.http_protocol import PixelProtocol
from collector.sinks import open_log
from pixels import __version__
from pixels.config import Settings
from pixels.errors import ConfigurationError

logger = structlog.get_logger("collector.gunicorn_app")

_DRAIN_SECONDS = 30


class CollectorWorker(UvicornWorker):
    """A uvicorn worker that keeps the peer's address as it is, and stops when gunicorn's master is gone.

    Chosen by measurement (`python -m benchmarks.collector --workers`): for the same application gunicorn's own `asgi`
    worker takes about twice the CPU seconds, also on uvloop, and uvicorn's with the parser h11 two to three times.
    """

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": PixelProtocol,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # whoever can reach the port could claim any address
        "timeout_notify": 1,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn warns of every unreadable request; those are answered, and refusals are kept, so nobody needs the lines.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop when the master is interrupted: it sends SIGQUIT then, which uvicorn's server does not listen to."""
        stop_worker()

    async def callback_notify(self) -> None:
        """Say that this worker lives; end it if its master was killed, or it would hold port and log slot for ever."""
        await super().callback_notify()
        warn_when_descriptors_are_used_up()
        if os.getppid() != self.ppid:
            stop_worker()


class JsonLinesLogger(GunicornLogger):
    """gunicorn's log, written by our handler; uvicorn's worker takes its handlers from here."""

    def setup(self, cfg: Any) -> None:
        """Take the level from gunicorn's configuration, and everything else from `logs.write_json_lines`."""
        super().setup(cfg)
        self.error_log.handlers = list(logging.getLogger().handlers)


class CollectorServer(BaseApplication):
    """The collector under gunicorn, on a socket that listens already: each worker opens a log of its own after the fork.

    The master holds the memory of the counters, and knows which worker has which row of it.
    """

    def __init__(self, settings: Settings, listener: socket) -> None:
        self._settings = settings
        self._counters = CounterTable()
        self._row = 0
        self._descriptor = listener.detach()  # gunicorn closes it
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        options = {
            "bind": f"fd://{self._descriptor}",
            "workers": self._settings.collector_workers,
            "worker_class": CollectorWorker,
            "proc_name": "pixels-collector",
            "loglevel": "warning",
            "keepalive": self._settings.keep_alive,
            "graceful_timeout": round(_DRAIN_SECONDS + self._settings.kafka_ack_timeout),
            "control_socket_disable": True,
            "logger_class": JsonLinesLogger,
            "when_ready": announce,
            "pre_fork": self.take_row,
            "child_exit": self.give_back_row,
            "on_exit": say_that_it_stopped,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> App[Any, Any]:
        """Make the application, in the worker; without a log the worker does not start, and gunicorn gives up."""
        counters = self._counters.counters(self._row)
        try:
            log = open_log(self._settings, clock=utc_now, on_fatal=stop_worker, observer=counters)
        except (LogUnavailable, ConfigurationError) as error:
            logger.critical("worker.cannot_open_its_log", error=str(error))
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        logger.info("worker.started")
        return create_app(log, self._settings, counters=counters)

    def take_row(self, _: Arbiter, worker: Worker) -> None:
        """Choose the row that the worker, which is about to be forked, will count in; runs in the master."""
        self._row = worker.row_of_counters = self._counters.take_row()

    def give_back_row(self, _: Arbiter, worker: Worker) -> None:
        """Let the next worker carry on in the row of one that has ended; runs in the master."""
        self._counters.give_back(worker.row_of_counters)


def announce(arbiter: Any) -> None:
    """Say on stdout where the collector listens; whoever started it may wait for this line."""
    print(f"collector: listening on {arbiter.LISTENERS[0]}", flush=True)
    logger.info("collector.started", version=__version__, workers=arbiter.num_workers)


def say_that_it_stopped(_: Any) -> None:
    """Say that the collector ended in peace; after the last such line a collector without one was killed."""
    logger.info("collector.stopped")


def warn_when_descriptors_are_used_up() -> None:
    """Log that new connections are dropped: without a file descriptor for them the event loop does so in silence."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        logger.warning("collector.no_file_descriptors_left", error=str(error), remedy="raise `ulimit -n`")


def stop_worker() -> None:
    """End this worker gracefully; a master that still lives starts another."""
    os.kill(os.getpid(), signal.SIGTERM)
