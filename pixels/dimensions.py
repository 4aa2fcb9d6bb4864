"""Dimensions: what a number can be split by, and which value of it a banner or an event has."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
import polars as pl

from pixels.archive import archive_read, archived
from pixels.errors import BadParameter, ConfigurationError
from pixels.known_banners import known_banners
from pixels.rules import DAY, EVENT_FIELDS, INSTANT, earliest_records, with_day
from pixels.snapshot import Snapshot

TAG = "banner_tag"
OF_BANNERS = ("affiliate", "campaign", "name")
"""What `pixels banners import` says of a banner."""
_METADATA = "metadata."


@dataclass(frozen=True)
class EventColumns:
    """How a frame names the event whose value is asked for."""

    tag: str = TAG
    id: str = "event_id"
    created_at: str = "created_at"


@dataclass(frozen=True)
class Dimensions:
    """The dimensions of one snapshot.

    banner_tag                  as it was sent
    affiliate, campaign, name   what the table `banners` says of the banner
    parts of the tag            one for each named group of `tag_pattern`
    metadata.<key>              that the event carries; an empty text is a value

    A value that is not there is null: such events are a row of their own, so that rows always sum to the whole.
    """

    snapshot: Snapshot
    tag_pattern: str
    schema_version: int
    time_zone: str

    @property
    def of_tags(self) -> tuple[str, ...]:
        """Those that the banner tag decides."""
        return (TAG, *OF_BANNERS, *re.compile(self.tag_pattern).groupindex)

    def check(self, by: object, parameter: str = "by") -> str:
        """Return the dimension. Raises BadParameter that lists what there is."""
        if isinstance(by, str) and (by in self.of_tags or by.startswith(_METADATA)):
            return by
        raise BadParameter(
            parameter, f"{by!r} is no dimension; there are {', '.join(self.of_tags)}, and metadata.KEY of any key"
        )

    def check_of_banners(self, by: object, parameter: str = "by") -> str:
        """Return the dimension, if it is one that the banner decides. Raises BadParameter that lists those."""
        if isinstance(by, str) and by in self.of_tags:
            return by
        raise BadParameter(parameter, f"{by!r} is no dimension of banners; there are {', '.join(self.of_tags)}")

    def needs_events(self, by: str | None) -> bool:
        """Whether the value is that of the single event, and not of its banner."""
        return by is not None and by not in self.of_tags

    def known_banners(self) -> pl.DataFrame:
        """Return what is said of banners; in a snapshot of before anybody could, nothing is said of any."""
        return known_banners(self.snapshot, self.schema_version)

    def add(self, frame: pl.DataFrame, by: str, event: EventColumns = EventColumns()) -> pl.DataFrame:
        """Return the frame with the value of each row's event in a column named as the dimension.

        The frame has the banner tag of the event, and for metadata its id and instant too. Rows stay in order. Raises NoArchive.
        """
        if by == TAG:
            return frame.with_columns(pl.col(event.tag).alias(TAG))
        if self.needs_events(by):
            return self._with_metadata(frame, by, event)
        tags = frame.select(pl.col(event.tag).unique())
        values = self._values_of_tags(tags.rename({event.tag: "_tag"}), by)
        return frame.join(values, left_on=event.tag, right_on="_tag", how="left", maintain_order="left")

    def _values_of_tags(self, tags: pl.DataFrame, by: str) -> pl.DataFrame:
        """Return the value of each tag: _tag, and the dimension."""
        if by in OF_BANNERS:
            return tags.join(self.known_banners().select(pl.col(TAG).alias("_tag"), by), on="_tag", how="left")
        number = re.compile(self.tag_pattern).groupindex[by]
        part = pl.col("_tag").str.extract(self.tag_pattern, number)
        return tags.with_columns(pl.when(part != "").then(part).alias(by))

    def _with_metadata(self, frame: pl.DataFrame, by: str, event: EventColumns) -> pl.DataFrame:
        key = by.removeprefix(_METADATA)
        asked = frame.select(_id=event.id, _at=pl.col(event.created_at).cast(INSTANT))
        values = self._values_of_events(asked.drop_nulls().unique(), key).rename({"value": by})
        placed = asked.join(values, on=["_id", "_at"], how="left", maintain_order="left")
        return frame.with_columns(placed[by])

    def _values_of_events(self, wanted: pl.DataFrame, key: str) -> pl.DataFrame:
        """Return the value of the key for those of the events that carry it: _id, _at, value."""
        if wanted.is_empty():
            return wanted.with_columns(value=pl.lit(None, pl.String))
        first, last = wanted.select(pl.col("_at").min().alias("first"), pl.col("_at").max().alias("last")).row(0)
        pointer = "/" + key.replace("~", "~0").replace("/", "~1")  # RFC 6901
        live = self.snapshot.query("metadata_of_events", first=first, last=last, pointer=pointer)
        live = live.select(pl.col("id").alias("_id"), pl.col("created_at").cast(INSTANT).alias("_at"), "value")
        days = with_day(wanted, self.time_zone, "_at")[DAY].unique().sort()
        if (files := archived(self.snapshot, "records", days[0], days[-1])) is None:
            return live
        with archive_read(self.snapshot):
            of_days = files.filter(pl.col(DAY).is_in(days.to_list())).select(DAY, *EVENT_FIELDS)
            old = of_days.join(wanted.lazy().select(id="_id").unique(), on="id", how="semi").collect()
        return pl.concat([live, _carried(earliest_records(old), key)]).unique(["_id", "_at"], keep="first")


def check_frame(frame: object, by: str) -> pl.DataFrame:
    """Return the frame, if it has banner tags, as text, and no column of the dimension yet. Raises BadParameter."""
    if not isinstance(frame, pl.DataFrame):
        raise BadParameter("frame", f"{type(frame).__name__} is no polars.DataFrame")
    if frame.schema.get(TAG) not in (pl.String, pl.Null):
        raise BadParameter("frame", f"it has no text in a column {TAG}; its columns are {', '.join(frame.columns)}")
    if by != TAG and by in frame.columns:
        raise BadParameter("frame", f"it has a column {by} already")
    return frame.cast({TAG: pl.String})


def check_pattern(tag_pattern: str) -> str:
    """Return the pattern if it can be run over tags. Raises ConfigurationError.

    Tags come from strangers: only what takes linear time is run over them, which Python's own expressions may not.
    """
    try:
        pl.Series(["a"]).str.extract(tag_pattern, 1)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(
            f"PIXELS_TAG_PATTERN is a regular expression that cannot be used: {error}. Write it without looking ahead "
            "or back, and without references to groups (syntax of Rust's regex)."
        ) from error
    return tag_pattern


def _carried(events: pl.DataFrame, key: str) -> pl.DataFrame:
    decode = msgspec.json.Decoder(dict[str, str]).decode
    values = [decode(metadata).get(key) for metadata in events["metadata"]]
    return events.select(
        _id="id", _at=pl.col("created_at").cast(INSTANT), value=pl.Series(values, dtype=pl.String)
    ).filter(pl.col("value").is_not_null())
