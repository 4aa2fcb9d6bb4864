"""Refused records, tried again: after a new version, a widened contract or a changed setting some of them are events.

A record of the log is decoded again from its payload, with its old position and time. A request that the collector had
refused is judged again by the collector's own rules, which are handed in. What is an event now is stored, and leaves
`rejected_events` in the same transaction; what is not stays. Done again, or killed in the middle, it gives the same tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

import polars as pl

from aggregator.decode import PAYLOAD_BYTES, decode
from aggregator.forgetting import BLANK
from aggregator.local_source import TABLES
from aggregator.progress import progress_bar
from aggregator.records import Slice, Stream
from aggregator.store.refused import AT_ONCE, Choice, chosen_refusals
from aggregator.store.runs import Outcome
from aggregator.writing import Clock, OnStep, Session, utc_now, writing
from pixels.config import Settings
from pixels.errors import BadParameter

NAMESPACE = UUID("67a97f46-0616-554c-ac43-d3596ca22c95")
"""The name space of ids made of a position: the UUIDv5 of pixels-workbench/requeue as a URL. It never changes."""

Judge = Callable[[str, bytes, datetime, str], bytes | str]
"""Says what the collector makes of a refused request.

In:  the reason it was refused for, its payload, when it was received, and the id to give it if it has none.
Out: the JSON of an event; or why it is none, or cannot be judged.
"""

_POSITION = ["source", "partition", "offset"]


@dataclass
class RequeueResult:
    """What a requeue did; printed as one JSON line."""

    run_id: int = 0
    snapshot: int = 0
    published: bool = False
    tried: int = 0
    """Rows of `rejected_events` that were chosen."""
    became_events: int = 0
    """Those that are events now, also when the same event was stored already."""
    reasons_changed: int = 0
    """Those that are refused for another reason now."""
    still_refused: Counter[str] = field(default_factory=Counter)
    """The others, by why."""
    outcome: Outcome = field(default_factory=Outcome)

    def as_json(self) -> str:
        """Return the line."""
        own = asdict(self) | {"still_refused": dict(self.still_refused.most_common())}
        outcome = own.pop("outcome")
        return json.dumps(own | outcome)


def requeue(
    settings: Settings,
    choice: Choice,
    judge: Judge,
    *,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    at_once: int = AT_ONCE,
) -> RequeueResult:
    """Try the chosen refusals again, `at_once` in a transaction, store what is an event now, and publish.

    Raises BadParameter when an id names no refusal, before anything is changed; AlreadyRunning when another process
    writes this warehouse.
    """
    result = RequeueResult()
    with writing(settings, "requeue", on_step=on_step, now=now) as session:
        _check_ids(session, choice)
        with progress_bar("Trying again", None, "refusals") as show:
            for refused in chosen_refusals(session.con, settings, choice, at_once):
                _try_again(session, refused, judge, result)
                show(result.tried)
    result.run_id, result.snapshot, result.published = session.run_id, session.snapshot, session.published
    result.outcome = session.total
    return result


def _check_ids(session: Session, choice: Choice) -> None:
    if not choice.ids:
        return
    found = chosen_refusals(session.con, session.settings, Choice(ids=choice.ids))
    known = {"/".join(map(str, position)) for piece in found for position in piece.select(_POSITION).iter_rows()}
    if unknown := sorted(set(choice.ids) - known):
        raise BadParameter(
            "id",
            f"{', '.join(unknown)}: no refusal with this id is in the warehouse. It is an event by now, or older than "
            "PIXELS_RETENTION_DAYS and archived; `pixels rejected ls` lists the refusals with their ids",
        )


def _try_again(session: Session, refused: pl.DataFrame, judge: Judge, result: RequeueResult) -> None:
    """Decode what can be decoded again; in one transaction store what changed."""
    refused = refused.with_columns(kind=_kind(session.settings.kafka_topic))
    requests, hopeless = _judged(refused.filter(pl.col("kind") == _REQUEST), judge)
    records, bad_refusals = (refused.filter(pl.col("kind") == kind) for kind in (_RECORD, _BAD_REFUSAL))
    decoded = decode([*_slices(records, "events"), *_slices(bad_refusals, "refusals"), *_slices(requests, "events")])
    tried = pl.concat([records, bad_refusals, requests])
    # The collector's reason for a request stands until it is an event: it knew more than what was kept.
    same = decoded.rejected.join(tried, on=[*_POSITION, "reason"], how="semi")
    stays = pl.concat([same, decoded.rejected.join(requests, on=_POSITION, how="semi")]).unique(_POSITION)
    other_reason = decoded.rejected.join(stays, on=_POSITION, how="anti")
    withdrawn = tried.join(stays, on=_POSITION, how="anti")
    if withdrawn.height:
        session.store(decoded.events, other_reason, withdrawn=withdrawn, records_read=0)
    result.tried += refused.height
    result.became_events += withdrawn.height - other_reason.height
    result.reasons_changed += other_reason.height
    untried = refused.filter(~pl.col("kind").is_in([_RECORD, _BAD_REFUSAL, _REQUEST]))
    result.still_refused.update([*untried["kind"], *hopeless, *stays["reason"]])


_RECORD, _BAD_REFUSAL, _REQUEST = "record", "refusal", "request"
_ONLY_COUNTED = "only counted: nothing of it was kept"
_CUT = f"of more than {PAYLOAD_BYTES} bytes only the beginning was kept"
_ERASED = "it named a player who was erased: nothing of it was kept"
_NO_LOG = "not from a log that is read now; what a file held can be imported again"


def _kind(kafka_topic: str) -> pl.Expr:
    """Return what a refusal is: a record of the log, a refusal that cannot be read, a request; or why none can be tried."""
    source, place = pl.col("source"), pl.col("place")
    tables = {stream: f":{table}" for table, stream in TABLES.items()}
    is_local = source.str.starts_with("local:")
    is_event = (is_local & source.str.ends_with(tables["events"])) | (place == f"kafka:{kafka_topic}")
    is_refusal = (is_local & source.str.ends_with(tables["refusals"])) | (place == f"kafka:{kafka_topic}.rejected")
    size = pl.col("payload").bin.size()
    return (
        pl.when((pl.col("detail") == BLANK) & (size == 0))
        .then(pl.lit(_ERASED))
        .when((pl.col("count") > 1) | (is_refusal & (size == 0)))
        .then(pl.lit(_ONLY_COUNTED))
        .when(size >= PAYLOAD_BYTES)
        .then(pl.lit(_CUT))
        .when(is_event)
        .then(pl.lit(_RECORD))
        .when(is_refusal & (pl.col("reason") == "bad_refusal"))
        .then(pl.lit(_BAD_REFUSAL))
        .when(is_refusal)
        .then(pl.lit(_REQUEST))
        .otherwise(pl.lit(_NO_LOG))
    )


def _judged(requests: pl.DataFrame, judge: Judge) -> tuple[pl.DataFrame, list[str]]:
    """Return the requests that are events now, with the event as payload; and of the others why not."""
    columns = requests.select(*_POSITION, "reason", "payload", "rejected_at")
    verdicts = [
        judge(reason, payload, at, str(uuid5(NAMESPACE, f"{source}/{partition}/{offset}")))
        for source, partition, offset, reason, payload, at in columns.iter_rows()
    ]
    events = [verdict if isinstance(verdict, bytes) else None for verdict in verdicts]
    accepted = requests.with_columns(payload=pl.Series(events, dtype=pl.Binary)).drop_nulls("payload")
    return accepted, [verdict for verdict in verdicts if isinstance(verdict, str)]


def _slices(refused: pl.DataFrame, stream: Stream) -> Iterator[Slice]:
    """Yield the refusals as their log gave them, a slice each partition."""
    for piece in refused.partition_by("source", "partition", maintain_order=True):
        yield Slice(
            source=piece["source"][0],
            partition=piece["partition"][0],
            stream=stream,
            offsets=piece["offset"].to_list(),
            appended_at_ms=piece["rejected_at"].dt.epoch("ms").to_list(),
            values=piece["payload"].to_list(),
            next_offset=piece["offset"][-1] + 1,
        )
