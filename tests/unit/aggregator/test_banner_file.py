"""A CSV file that says something of banners: what it may hold, and how it is refused."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.banner_file import read_banners
from aggregator.imports.opening import NoSuchFile, UnusableFile
from aggregator.store.banners import Banner
from pixels.formulas import guarded, unguarded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / "banners.csv"


def refusal(file: Path, content: str | bytes) -> str:
    """What is said of a file that cannot be used."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnusableFile) as refused:
        read_banners(str(file))
    assert refused.value.exit_code == 65
    assert "Nothing was changed" in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        "banner_tag,affiliate,campaign,name,cost\na_1b_2c_,Acme,autumn,Öl & Gas,12.5\n",
        "banner_tag;affiliate;campaign;name;cost\r\na_1b_2c_;Acme;autumn;Öl & Gas;12.5\r\n;;;;\r\n",
        '\ufeffcost,"name",campaign , affiliate,banner_tag\n\n12.5000, Öl & Gas ,"autumn",Acme," a_1b_2c_ "\n   \n',
    ],
    ids=["plain", "as Excel writes it", "any order"],
)
def test_columns_stand_in_any_order_with_comma_or_semicolon(file: Path, content: str) -> None:
    """A mark of UTF-8, line ends of Windows, white space around a cell and empty rows mean nothing."""
    file.write_text(content, encoding="utf-8", newline="")
    assert read_banners(str(file)) == {"a_1b_2c_": Banner("Acme", "autumn", "Öl & Gas", Decimal("12.5"))}


def test_what_a_file_does_not_say_is_nothing(file: Path) -> None:
    """An empty cell, an empty text in quotes and a column that is not there are the same."""
    file.write_text('banner_tag,name\na,\nb,""\nc,x\n')
    assert read_banners(str(file)) == {"a": Banner(), "b": Banner(), "c": Banner(name="x")}


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_packed_file_is_read(file: Path, codec: str) -> None:
    """As with other imports; one that breaks off is refused as a whole."""
    with pa.CompressedOutputStream(str(file), codec) as writer:
        writer.write(b"banner_tag\n" + b"".join(b"tag-%d\n" % n for n in range(20_000)))
    assert len(read_banners(str(file))) == 20_000
    packed = file.read_bytes()
    file.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UnusableFile, match="breaks off or is damaged"):
        read_banners(str(file))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("banner_tag,price", "unknown columns: 'price'. The first line of the file names them: banner_tag and"),
        ("bannerTag,cost", "unknown columns: 'bannerTag'"),
        ("banner_tag,cost,", "unknown columns: ''"),
        ("affiliate,cost", "has no column banner_tag"),
        ("banner_tag,cost,cost", "has the column cost twice"),
        ("", "has no column banner_tag"),
        ('banner_tag,"cost', "the first line does not name the columns"),
    ],
)
def test_a_header_that_is_not_understood_is_refused(file: Path, header: str, told: str) -> None:
    """The message names the column, and those that are known."""
    file.write_text(f"{header}\n")
    with pytest.raises(UnusableFile, match=re.escape(told)):
        read_banners(str(file))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('a,"12,50"', "cost '12,50' is no amount: write digits, a point"),
        ("a,-1", "cost '-1' is no amount"),
        ("a,+1", "cost '+1' is no amount"),
        ("a,1.23456", "cost '1.23456' is no amount"),
        ('a,"1,000.00"', "cost '1,000.00' is no amount"),
        ("a,1e3", "cost '1e3' is no amount"),
        ("a,nan", "cost 'nan' is no amount"),
        ("a,\u0661", "cost '\u0661' is no amount"),
        ("a,123456789012345", "cost '123456789012345' is no amount"),
        ("a,.5", "cost '.5' is no amount"),
        (",5", "banner_tag is empty"),
        ("a", "1 columns; the first line names 2"),
        ("a,1,2", "3 columns; the first line names 2"),
        ('"a,1', "a quote is opened and not closed"),
        ("Undefined,1", "banner_tag 'Undefined' is a placeholder"),
        ("${tag},1", "banner_tag '${tag}' is a placeholder"),
        ("a\tb,1", "banner_tag 'a\\tb' has control characters"),
        ('"a\nb",1', "banner_tag 'a\\nb' has control characters"),
        ("x" * 257 + ",1", f"banner_tag '{'x' * 60}...' has 257 characters; at most 256"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_value(file: Path, line: str, told: str) -> None:
    """A tag that no event can have, a cost that is none, a row of another width."""
    found = refusal(file, f"banner_tag,cost\nfine,1\n{line}\n")
    assert found.startswith(f"{file}: 1 line cannot be used.")
    assert f"\n  line 3: {told}" in found


def test_what_is_not_utf_8_says_what_to_do(file: Path) -> None:
    """Excel writes the machine's own code unless it is asked for UTF-8."""
    assert "line 2: this is not UTF-8: save the file as UTF-8" in refusal(file, b"banner_tag,name\na,\xd6l\n")
    file.write_bytes("banner_tag\na\n".encode("utf-16"))
    with pytest.raises(UnusableFile, match="UTF-16"):
        read_banners(str(file))


def test_a_tag_that_stands_twice_is_refused_with_both_lines(file: Path) -> None:
    """Also where white space alone tells the two apart; letters in another case are another tag."""
    found = refusal(file, "banner_tag,cost\na,1\nA,1\nb,1\n a,2\n")
    assert "1 line cannot" in found
    assert "line 5: the banner 'a' stands in line 2 already" in found


def test_the_first_20_bad_lines_are_listed_and_the_others_counted(file: Path) -> None:
    """Whoever mends a file need not import it once for each of its lines."""
    found = refusal(file, "banner_tag,cost\n" + "".join(f"t{n},x\n" for n in range(50)))
    assert found.startswith(f"{file}: 50 lines cannot be used.")
    assert re.findall(r"line (\d+):", found) == [str(n) for n in range(2, 22)]
    assert found.endswith("and 30 more")


def test_a_message_moves_no_cursor_and_is_not_as_long_as_what_it_is_about(file: Path) -> None:
    """What stands in a file may come from anywhere."""
    found = refusal(file, f"banner_tag,cost\na,\u009b31m\u202e{'9' * 5000}\n")
    assert len(found) < 500
    assert "\\x9b31m\\u202e" in found
    assert found.replace("\n", "").isprintable()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """So is a folder."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(NoSuchFile, match=re.escape(str(path))):
            read_banners(str(path))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)
tags = texts.map(lambda text: f"t{text}"[:8].strip()) | texts.map(lambda text: f"={text}x".strip())
said = st.builds(
    Banner,
    *[texts.map(lambda text: text or None) | st.none()] * 3,
    st.none() | st.decimals(0, 99_999_999_999_999, places=4),
)


@given(st.dictionaries(tags, said, max_size=6), st.sampled_from(",;"))
def test_what_is_written_as_csv_is_read_to_the_letter(banners: dict[str, Banner], separator: str) -> None:
    """Quotes, separators, apostrophes and what looks like a formula stay text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["banner_tag", *Banner._fields])
    for tag, banner in banners.items():
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in (tag, *banner)])
    with NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(out.getvalue())
        file.flush()
        assert read_banners(file.name) == banners


@given(st.text(st.sampled_from("'=+-@\t\uff1da"), max_size=5) | st.text())
def test_the_guard_against_formulas_is_taken_off_again(text: str) -> None:
    """Whatever the text, and no guarded text begins like a formula."""
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
