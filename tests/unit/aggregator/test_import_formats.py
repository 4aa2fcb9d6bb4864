"""Files to lines: each format, and what is wrong with a line costs that line alone."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.contract import contract
from aggregator.imports.access_log import read_access_log
from aggregator.imports.comma_separated import read_csv, split
from aggregator.imports.identity import new_ids
from aggregator.imports.judging import batches, read_lines
from aggregator.imports.lines import Line, NewId, Refused, Skipped, numbered_lines
from aggregator.imports.opening import NoSuchFile, UnusableFile, check_files, opened

HEADER = b"event_type,player_id,banner_tag,created_at,note"


class Told:
    """A judge that lets everything pass, as what it was told."""

    def json(self, line: bytes, new_id: NewId) -> bytes:
        return line

    def row(self, columns: Iterable[tuple[str, str]], new_id: NewId) -> bytes:
        return json.dumps(list(columns)).encode()

    def request(self, event_type: str, path: str, query: bytes, **facts: Any) -> bytes:
        told = {"type": event_type, "path": path, "query": query.decode(), "at": facts["at"].isoformat()}
        agent = facts["user_agent"]
        return json.dumps(told | {"ip": facts["source_ip"], "agent": agent and agent.decode("latin-1")}).encode()


def an_id(content: bytes) -> str:
    return "id"


def outcomes(lines: Iterable[Line]) -> list[Any]:
    """What became of each line: what the judge was told, the reason of a refusal, or why it was skipped."""
    return [json.loads(line.outcome) if isinstance(line.outcome, bytes) else line.outcome[0] for line in lines]


def csv(text: bytes) -> list[Line]:
    return list(read_csv("a.csv", io.BytesIO(text), Told(), an_id))


def access_log(*lines: bytes, prefix: str = "") -> list[Any]:
    return outcomes(read_access_log(io.BytesIO(b"\n".join(lines)), Told(), an_id, prefix))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\r\nb\n\nc\r\n", [b"a", b"b", b"", b"c"]),
        (b"a\x00\xff\n", [b"a\x00\xff"]),
    ],
)
def test_lines_end_as_in_unix_or_windows_and_the_last_need_not(text: bytes, expected: list[bytes]) -> None:
    """Lines are numbered from 1; whatever else they hold is part of them."""
    assert list(numbered_lines(io.BytesIO(text))) == list(enumerate(expected, 1))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_of_a_huge_line_only_so_much_is_kept_that_it_can_be_seen(end: bytes) -> None:
    """The line after it is the next one; one just within the limit is whole."""
    limit = contract().message_bytes
    text = end.join([b"x" * (limit - 1), b"x" * limit, b"x" * (3 * limit), b"y"])

    found = [(number, len(line)) for number, line in numbered_lines(io.BytesIO(text))]

    assert found == [(1, limit - 1), (2, limit), (3, limit + 1), (4, 1)]


@given(st.lists(st.one_of(st.none(), st.text(alphabet='a",;\r\n é=', max_size=6)), min_size=2, max_size=5))
def test_a_field_in_quotes_may_hold_anything_and_an_empty_one_is_not_nothing(fields: list[str | None]) -> None:
    """What a database writes with quotes around each text comes back as it was."""
    row = b",".join(b"" if f is None else b'"' + f.encode().replace(b'"', b'""') + b'"' for f in fields)

    assert split(row, b",") == [f if f is None else f.encode() for f in fields]


def test_rows_of_csv_are_told_by_column() -> None:
    """Empty cells say nothing, a column without a name is none, and fields in quotes go on over lines."""
    text = HEADER + b',\nvisit,"p,1",a,t,"one\ntwo",7\r\n\nvisit,p2,a,t,"",8\n'

    lines = csv(text)

    assert [line.number for line in lines] == [2, 4, 5]
    assert outcomes(lines) == [
        [["event_type", "visit"], ["player_id", "p,1"], ["banner_tag", "a"], ["created_at", "t"], ["note", "one\ntwo"]],
        "blank",
        [["event_type", "visit"], ["player_id", "p2"], ["banner_tag", "a"], ["created_at", "t"]],
    ]


def test_an_empty_text_of_an_event_as_it_stands_is_kept() -> None:
    """A row with an id came from a database, which tells nothing from an empty text by quotes."""
    lines = csv(b"id," + HEADER + b'\ne1,visit,p,a,t,""\n,visit,p,a,t,""\n')

    told = [dict(row) for row in outcomes(lines)]
    assert [row.get("note") for row in told] == ["", None]


@pytest.mark.parametrize("separator", [b",", b";", b"\t", b"|"])
def test_the_first_line_says_what_separates_columns(separator: bytes) -> None:
    """Comma, semicolon, tab or bar."""
    ((*_, note),) = outcomes(
        csv(HEADER.replace(b",", separator) + b"\n" + separator.join([b"visit", b"p", b"a", b"t", b"x"]))
    )

    assert note == ["note", "x"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([b'visit,"p,a,t,x', b"visit,p,a,t,x", b"visit,p,a,t,x"], ["bad_line", True, True]),
        ([b'visit,"p"q,a,t,x', b"visit,p,a,t,x"], ["bad_line", True]),
        ([b'visit,"p,a,t,x', b"visit,p,a,t,x", b'visit,"p",a,t,x'], ["bad_line", True, True]),
        ([b"visit,p,a,t", b"visit,p,a,t,x,y", b"visit,p,a,t,x"], ["bad_line", "bad_line", True]),
        ([b"visit,\xff,a,t,x", b"visit,p,a,t,x"], ["not_utf8", True]),
        ([b"\x00\x01\xff\x89PNG", b"visit,p,a,t,x"], ["bad_line", True]),
        ([b"x" * 300_000, b"visit,p,a,t,x"], ["too_large", True]),
        ([b'visit,5" screen,a,t,x'], [True]),
    ],
)
def test_a_bad_row_of_csv_costs_itself_alone(rows: list[bytes], expected: list[object]) -> None:
    """Also one whose quotes are never closed, or closed by those of a later row."""
    assert [isinstance(each, list) or each for each in outcomes(csv(b"\n".join([HEADER, *rows])))] == expected


@given(
    rows=st.lists(st.text(alphabet='a",\n\r\x00é', max_size=12).map(str.encode) | st.binary(max_size=8), max_size=12)
)
def test_every_line_of_csv_belongs_to_one_row(rows: list[bytes]) -> None:
    """Whatever stands in it: the rows together are the lines of the file, each once and in order."""
    text = b"\n".join([HEADER, *rows])

    found = csv(text)

    written = [line for row in found for line in row.written.split(b"\n")]
    expected = [line for _, line in numbered_lines(io.BytesIO(text))][1:]
    assert written == expected
    assert [row.number for row in found] == sorted({row.number for row in found})


@given(junk=st.binary(max_size=12), start=st.integers(0, 130), length=st.integers(0, 130))
def test_whatever_stands_in_a_line_of_an_access_log_it_becomes_one_thing(junk: bytes, start: int, length: int) -> None:
    """An event, a refusal or nothing of ours."""
    line = (LINE[:start] + junk + LINE[start + length :]).replace(b"\n", b"")

    assert len(access_log(line)) == bool(line)


def test_a_quote_that_is_never_closed_is_read_no_further_than_an_event_may_be_long() -> None:
    """A file of any size is not gathered in memory for it."""
    rows = 3 * contract().message_bytes // 20

    found = outcomes(csv(HEADER + b'\n"' + b"visit,p,a,t,xxxxxxxx\n" * rows))

    assert found[0] == "bad_line"
    assert all(isinstance(each, list) for each in found[1:])
    assert len(found) == rows


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"1,2,3", "no column event_type, player_id, banner_tag, created_at"),
        (b"eventType,playerId,bannerTag", "no column created_at"),
        (HEADER + b",playerId", "column player_id twice"),
        (b"\xff\xd8\xff", "does not name the columns"),
    ],
)
def test_a_first_line_that_does_not_name_the_columns_is_explained(header: bytes, said: str) -> None:
    """Otherwise every row would be refused one by one."""
    with pytest.raises(UnusableFile, match=said):
        csv(header + b"\nvisit,p,a,t,x")


LINE = b'192.0.2.7 - - [22/Nov/2026:16:00:00 +0100] "GET /visit?playerId=1&bannerTag=a HTTP/1.1" 200 43 "https://a/" "Mozilla/5.0"'


def test_a_pixel_of_an_access_log_is_told_with_its_own_time_address_and_user_agent() -> None:
    """Its path is that of the pixel, without what stands before it on this server."""
    expected = {
        "type": "visit", "path": "/visit", "query": "playerId=1&bannerTag=a", "at": "2026-11-22T15:00:00+00:00",
        "ip": "192.0.2.7", "agent": "Mozilla/5.0",
    }  # fmt: skip

    assert access_log(LINE) == [expected]
    for prefix in ("/px", "px/", "/px/"):
        assert access_log(LINE.replace(b"/visit", b"/px/visit"), prefix=prefix) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"Mozilla/5.0", rb"M \x22x\x22 \\ \xc3\xa9", {"agent": 'M "x" \\ \u00c3\u00a9'}),
        (b"Mozilla/5.0", rb"M \"x\"", {"agent": 'M "x"'}),
        (b'"Mozilla/5.0"', b'"-" "203.0.113.5" 0.001', {"agent": None}),
        (b"192.0.2.7 - -", b"2001:db8::1 - jane [doe]", {"ip": "2001:db8::1"}),
        (b"192.0.2.7", b"-", {"ip": None}),
        (b"/visit?playerId=1&bannerTag=a", b"/deposit", {"type": "deposit", "query": ""}),
        (b"200 43", b"204 -", {"type": "visit"}),
        (b"200 43", b"503 0", {"type": "visit"}),
        (b"HTTP/1.1", b"HTTP/2.0", {"type": "visit"}),
        (b"bannerTag=a", rb"bannerTag=\x22", {"query": 'playerId=1&bannerTag="'}),
        (b"22/Nov/2026:16:00:00 +0100", b"29/Feb/2024:23:59:60 +0000", "bad_created_at"),
        (b"22/Nov/2026:16:00:00 +0100", b"30/Feb/2024:23:59:59 +0000", "bad_created_at"),
        (b"22/Nov/2026:16:00:00 +0100", b"22/Okt/2026:16:00:00 +0100", "bad_created_at"),
        (b"22/Nov/2026:16:00:00 +0100", b"01/Jan/0001:00:00:00 +1400", "bad_created_at"),
        (b"bannerTag=a", b"bannerTag=a b", "bad_encoding"),
        (b"bannerTag=a", rb"bannerTag=\xc3\xa9", "bad_encoding"),
        (b"/visit?", b"/visits?", "other_path"),
        (b"/visit?", b"//visit?", "other_path"),
        (b"/visit?", b"/VISIT?", "other_path"),
        (b"GET /visit?playerId=1&bannerTag=a HTTP/1.1", rb"\x16\x03\x01", "other_path"),
        (b"GET /visit?playerId=1&bannerTag=a HTTP/1.1", b"-", "other_path"),
        (b"GET", b"HEAD", "other_method"),
        (b"GET", b"POST", "other_method"),
        (b"200 43", b"403 43", "not_answered"),
        (b"200 43", b"301 43", "not_answered"),
        (b'"Mozilla/5.0"', b'"Mozilla/5', "bad_line"),
        (LINE, b"junk", "bad_line"),
        (LINE, b"\x00\xff", "bad_line"),
        (LINE, b"  ", "blank"),
        (b"Mozilla/5.0", b"x" * 300_000, "too_large"),
    ],
)
def test_lines_of_an_access_log(old: bytes, new: bytes, told: object) -> None:
    """Escapes of nginx and Apache are undone; what is no pixel is skipped, what is no line of such a log refused."""
    (found,) = access_log(LINE.replace(old, new))

    assert found == told if isinstance(told, str) else told.items() <= found.items()  # type: ignore[attr-defined]


def test_equal_contents_get_ids_by_how_many_stand_before() -> None:
    """The same in the same order in every file, and another for each."""
    contents = [b"a", b"b", b"a", b"a", b""]
    with new_ids() as new_id, new_ids() as in_another_file:
        ids = [new_id(content) for content in contents]
        assert ids == [in_another_file(content) for content in contents]

    assert len(set(ids)) == len(ids)
    assert ids[0] == "719eba6e-0460-5b43-b911-64b3d37f8bda"  # it never changes


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.ndjson", b"", "ndjson"),
        ("a.jsonl.gz", b"x", "ndjson"),
        ("a.CSV", b"x", "csv"),
        ("a.tsv.zst", b"x", "csv"),
        ("access.log.2", LINE, "access-log"),
        ("access.log", b"rotated junk\n" + LINE, "access-log"),
        ("events.log", b'\xef\xbb\xbf{"id": "e"}', "ndjson"),
        ("events", b"", "ndjson"),
        ("events.txt", b"playerId,eventType\n", "csv"),
    ],
)
def test_the_format_is_told_by_the_name_else_by_the_beginning(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    """Packed files too, which are known by how they begin, not by their name."""
    for packed in (content, gzip.compress(content), pa.Codec("zstd").compress(content, asbytes=True)):
        (tmp_path / name).write_bytes(packed)
        with opened(str(tmp_path / name), None) as file:
            assert file.format == expected
            assert file.stream.read() == content.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello\nworld\n", "--format"),
        (b"\x7fELF\x02\x01", "--format"),
        (b' [{"id": "e"}]', "JSON array"),
        ("{}".encode("utf-16"), "UTF-16"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "breaks off"),
        (b"\x1f\x8bjunk", "breaks off"),
        (b"\x28\xb5\x2f\xfdjunk", "breaks off"),
        (b"PAR1junk", "damaged"),
        (gzip.compress(b"PAR1", mtime=0), "by itself"),
    ],
)
def test_a_file_that_cannot_be_used_as_a_whole_is_explained(content: bytes, said: str, tmp_path: Path) -> None:
    """Whether that shows when it is opened or when it is read."""
    path = tmp_path / "events"
    path.write_bytes(content)

    with pytest.raises(UnusableFile, match=said), opened(str(path), None) as file:
        list(batches(file.name, read_lines(file, Told(), an_id, ""), 10, 0))


def test_a_file_that_cannot_be_opened_is_named_before_anything_is_read(tmp_path: Path) -> None:
    """A folder, and a file that is not there."""
    (tmp_path / "there").touch()

    with pytest.raises(NoSuchFile, match="is a folder"):
        check_files((str(tmp_path / "there"), str(tmp_path)))
    with pytest.raises(NoSuchFile, match="No such file"):
        check_files((str(tmp_path / "missing"),))


def test_values_of_parquet_are_told_as_text(tmp_path: Path) -> None:
    """Timestamps with a zone and without, numbers, money, maps and structs; null says nothing."""
    instant = datetime(2026, 11, 1, 10, tzinfo=UTC)
    columns = {
        "event_type": pa.array(["visit"]).dictionary_encode(),
        "player_id": pa.array([7], pa.int64()),
        "banner_tag": pa.array([b"a"], pa.binary()),
        "created_at": pa.array([instant], pa.timestamp("ns", "Europe/Berlin")),
        "local": pa.array([1_500], pa.timestamp("ns")),
        "amount": pa.array([25], pa.decimal128(18, 4)),
        "vip": pa.array([True]),
        "none": pa.array([None], pa.string()),
        "metadata": pa.array([[("s", "v"), ("s", "w"), ("n", None)]], pa.map_(pa.string(), pa.string())),
        "more": pa.array([{"x": 1, "y": None}]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    with opened(str(tmp_path / "a.parquet"), None) as file:
        (row,) = outcomes(read_lines(file, Told(), an_id, ""))

    assert dict(row) == {
        "event_type": "visit", "player_id": "7", "banner_tag": "a", "created_at": "2026-11-01T10:00:00+00:00",
        "local": "1970-01-01T00:00:00.000001", "amount": "25.0000", "vip": "true",
        "metadata": '{"s": "v", "s": "w"}', "more": '{"x": "1"}',
    }  # fmt: skip


def test_a_batch_holds_so_many_lines_and_fewer_when_they_are_large() -> None:
    """Lines that are skipped count as well, so that progress shows."""
    skipped = Line(1, b"", Skipped("blank"))
    refused = Line(2, b"x" * 1_000_000, Refused("bad_line", "x"))

    assert [batch.read for batch in batches("a", [skipped] * 25, 10, 0)] == [10, 10, 5]
    assert max(batch.read for batch in batches("a", [refused] * 100, 1_000, 0)) < 40
