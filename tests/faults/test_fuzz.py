"""Whatever is sent, nothing fails, and nothing is stored that the contract does not allow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.fuzzing import PLAIN, STRICT, Application, Asked, requests, streams, tell
from tests.integration.collector.running import RunningCollector, running_collector

SMALL = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=[PLAIN, STRICT], ids=["plain", "strict"])
def application(request: pytest.FixtureRequest) -> Iterator[Application]:
    """The application with few and with many options set."""
    application = Application(request.param)
    yield application
    application.close()


@SMALL
@given(asked=requests)
def test_no_query_header_or_body_makes_the_application_fail(application: Application, asked: Asked) -> None:
    """No 5xx; what is kept is an event or a refusal as the schemas say."""
    application.ask(asked)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector whose log lines are looked at in the end."""
    with running_collector(tmp_path_factory.mktemp("fuzz")) as running:
        running.ask("/robots.txt")
        workers = running.workers()
        yield running
        assert running.workers() == workers
        assert "Traceback" not in running.errors.read_text()
        assert "failed" not in running.errors.read_text()


@SMALL
@given(data=streams)
def test_no_bytes_make_a_running_collector_fail(collector: RunningCollector, data: bytes) -> None:
    """No 5xx on a log that works, the same worker serves to the end, and its log lines tell of no error."""
    tell(collector.address, data)
