"""What a request may ask: parameters, each described once, by which requests are read and the API is described."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import falcon.asgi

from pixels.errors import BadParameter
from pixels.period import parse_day, parse_period

Values = Mapping[str, Any]
LONGEST_TEXT = 256
"""Characters of the longest banner tag or id that an event can have (schema/event.schema.json)."""
_RANGES = (("from", "to"), ("since", "until"))


@dataclass(frozen=True)
class Kind:
    """How a text of the address is read (`read` raises BadParameter that names the parameter), and its JSON schema."""

    schema: Mapping[str, Any]
    read: Callable[[str, str], Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query, or with `in_path` a part of the path.

    Without `required` it is `default` when it is not given. `many` may be given several times, and is a tuple.
    """

    name: str
    kind: Kind
    meaning: str
    example: str | int | float
    required: bool = False
    default: Any = None
    many: int = 0
    in_path: bool = False

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of its values as they are sent."""
        one = dict(self.kind.schema)
        return {"type": "array", "items": one, "minItems": 1, "maxItems": self.many} if self.many else one

    def echo_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the value as an answer repeats it."""
        schema = self.schema()
        return {"anyOf": [schema, {"type": "null"}]} if not self.required and self.default is None else schema


def _read_text(name: str, text: str) -> str:
    if not text:
        raise BadParameter(name, "is empty; leave it out, or give it a value")
    if len(text) > LONGEST_TEXT:
        raise BadParameter(name, f"has {len(text):,} characters, and no banner or id more than {LONGEST_TEXT}")
    return text


TEXT = Kind({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}, _read_text)
DIMENSION = Kind(dict(TEXT.schema), _read_text)
"""Its value names a column of the answer; which there are the library knows."""
DAY = Kind({"type": "string", "format": "date"}, parse_day)


def choice(*words: str) -> Kind:
    """One word of a list."""

    def read(name: str, text: str) -> str:
        if text not in words:
            raise BadParameter(name, f"{text!r} is not one of {', '.join(words)}")
        return text

    return Kind({"type": "string", "enum": list(words)}, read)


def _read_yes_or_no(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadParameter(name, f"{text!r} is neither true nor false")
    return text == "true"


YES_OR_NO = Kind({"type": "boolean"}, _read_yes_or_no)


def whole_number(least: int, most: int) -> Kind:
    """A whole number, both bounds included."""

    def read(name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise BadParameter(name, f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return Kind({"type": "integer", "minimum": least, "maximum": most}, read)


def _read_share(name: str, text: str) -> float:
    if not re.fullmatch(r"0?\.[0-9]{1,9}", text, re.ASCII):
        raise BadParameter(name, f"{text!r} is not a share between 0 and 1, such as 0.01")
    return float(text)


SHARE = Kind({"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, _read_share)


def pattern(regex: str, hint: str) -> Kind:
    """A text of a form."""

    def read(name: str, text: str) -> str:
        if not re.fullmatch(regex, text, re.ASCII):
            raise BadParameter(name, f"{text!r} {hint}")
        return text

    return Kind({"type": "string", "pattern": f"^(?:{regex})$"}, read)


def read_parameters(
    parameters: Sequence[Parameter], req: falcon.asgi.Request, in_path: Mapping[str, str]
) -> dict[str, Any]:
    """Return every parameter's value. Raises BadParameter for what is wrong, missing, repeated or unknown."""
    of_query = {parameter.name for parameter in parameters if not parameter.in_path}
    sent = {name: [text] for name, text in in_path.items()}
    for name, given in req.params.items():
        if name not in of_query:
            raise BadParameter(name, f"there is no such parameter; known: {', '.join(sorted(of_query)) or 'none'}")
        sent[name] = given if isinstance(given, list) else [given]
    values = {parameter.name: _value(parameter, sent.get(parameter.name)) for parameter in parameters}
    for first, last in _RANGES:
        if values.get(first) is not None and values.get(last) is not None:
            parse_period(values[first], values[last], names=(first, last))
    return values


def _value(parameter: Parameter, texts: list[str] | None) -> Any:
    name = parameter.name
    if texts is None:
        if parameter.required:
            raise BadParameter(name, f"is missing; give {parameter.meaning}, such as {parameter.example}")
        return parameter.default
    if len(texts) > max(1, parameter.many):
        allowed = f"at most {parameter.many} times" if parameter.many else "once"
        raise BadParameter(name, f"given {len(texts)} times; give it {allowed}")
    read = tuple(parameter.kind.read(name, text) for text in texts)
    return read if parameter.many else read[0]
