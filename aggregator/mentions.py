"""Who is named in a refusal: its payload is what a stranger sent, so it may be JSON, a request, both, or neither.

Names are looked for as whole values, decoded the way a server would, and as whole words: a player called `1` is not named
by every number that has a 1 in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote_to_bytes

_DEPTH = 4
_BETWEEN_WORDS = re.compile(r"""[\s"'`,;:&=?/#<>()\[\]{}|\\]+""")
_BETWEEN_PARAMETERS = re.compile(r"[\s?&;=#]+")
_QUOTE = re.compile(r'(?<!\\)"')
_JSON_ESCAPE = re.compile(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt]')


def mentioned(payload: bytes, detail: str) -> set[str]:
    """Return every value and word of a refusal: all that could be the name of a player."""
    return {value.strip() for text in (*_texts(payload), detail) for value in _values(text, _DEPTH)}


def names_within(payload: bytes, detail: str, names: Collection[str]) -> bool:
    """Whether one of these names is in a refusal as a value, a word or, when it is made of several words, a row of them."""
    if not mentioned(payload, detail).isdisjoint(names):
        return True
    phrases = [name for name in names if _BETWEEN_WORDS.search(name)]
    if not phrases:
        return False
    texts = [*_texts(payload), detail]
    readings = "\n".join(reading for text in texts for reading in (text, *_unquoted(text), _unescaped(text)))
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", readings) for name in phrases)


def _values(text: str, depth: int) -> Iterator[str]:
    yield text
    if depth == 0:
        return
    document = _document(text)
    if document is not None:
        for leaf in _leaves(document):
            yield from _values(leaf, depth - 1)
        return
    line, _, body = text.partition("\n\n")  # how the collector keeps a request that has a body
    if body:
        yield from _values(line, depth - 1)
        yield from _values(body, depth - 1)
        return
    for literal in _QUOTE.split(text):
        yield _unescaped(literal)
    for piece in (*_BETWEEN_PARAMETERS.split(text), *_BETWEEN_WORDS.split(text)):
        yield piece
        yield from _unquoted(piece)


def _document(text: str) -> object:
    """Return what JSON text holds, if that is an object or a list."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, parse_int=str, parse_float=str, strict=False)
    except (ValueError, RecursionError):
        return None


def _leaves(document: object) -> Iterator[str]:
    """Yield every name and value in it; a stranger nests as deep as he likes, so this is no recursion."""
    left = [document]
    while left:
        match left.pop():
            case dict() as members:
                left += [*members.keys(), *members.values()]
            case list() as items:
                left += items
            case str() as value:
                yield value


def _texts(sent: bytes) -> tuple[str, ...]:
    """Return the text of bytes; what is no UTF-8 can still be Latin-1, or UTF-8 in the greater part."""
    try:
        return (sent.decode(),)
    except UnicodeDecodeError:
        return sent.decode("latin-1"), sent.decode("utf-8", "replace")


def _unquoted(text: str) -> Iterator[str]:
    """Yield what a part of a URL or of a form can stand for."""
    for quoted in {text, text.replace("+", " ")}:
        yield from _texts(unquote_to_bytes(quoted)) if "%" in quoted else (quoted,)


def _unescaped(text: str) -> str:
    return _JSON_ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(escape: re.Match[str]) -> str:
    found: str = json.loads(f'"{escape[0]}"')
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # halves of a character that stand alone
