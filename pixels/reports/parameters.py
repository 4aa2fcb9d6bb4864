"""The parameters of a report: what its parameters cell declares, and what somebody gives for them.

A parameter is an assignment in the cell tagged `parameters`: `banner: str = ""  # only this banner`. Its type is one of
Day, str and int, its comment is its help. A name that is a keyword of Python ends with an underscore there
(`from_`), and is given without it (`from`).
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pixels.errors import BadParameter
from pixels.period import parse_period
from pixels.reports.notebooks import ReportNotebook, did_you_mean
from pixels.reports.relative_days import read_days, read_period

Value = str | int
DAYS = "days"
"""Stands for `from` and `to`."""
_PERIOD = ("from", "to")
_ANY_DAY = date(2000, 1, 1)
_DAYS_HELP = "from and to in one: last_week, last_7_days, 2026-W46, 2026-11, or 2026-11-01..2026-11-21"


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: `variable` in the notebook, `name` for whoever gives it."""

    variable: str
    type: str
    default: Value
    help: str

    @property
    def name(self) -> str:
        """The name without the underscore that keeps it from being a keyword."""
        return self.variable.removesuffix("_")


def declared_parameters(notebook: ReportNotebook) -> list[Parameter]:
    """Return what the notebook's parameters cell declares, in its order.

    Raises BadParameter for a line that is no declaration.
    """
    cell = notebook.parameters_cell or ""
    comments = _comments(cell)
    return [_declared(statement, comments, notebook.name) for statement in ast.parse(cell).body]


def _declared(statement: ast.stmt, comments: Mapping[int, str], report: str) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=type_), value=ast.Constant(value=default)):
            if type_ in _READERS and isinstance(default, str | int):
                return Parameter(name, type_, default, comments.get(statement.end_lineno or statement.lineno, ""))
    raise BadParameter(
        report,
        f"line {statement.lineno} of its parameters cell declares no parameter; "
        f'write for example: banner: str = ""  # only this banner. Types are {", ".join(_READERS)}',
    )


def _comments(cell: str) -> dict[int, str]:
    """Return the comments by line."""
    tokens = tokenize.generate_tokens(io.StringIO(cell).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def check_parameters(declared: Sequence[Parameter], given: Mapping[str, str]) -> None:
    """Raise BadParameter for what no day and no data would make usable: unknown names, texts of no type."""
    _read(declared, given, _ANY_DAY)


def read_parameters(declared: Sequence[Parameter], given: Mapping[str, str], today: date) -> dict[str, Value]:
    """Return the values by variable, those that were not given being left out; days are days as of `today`.

    `given`: texts by name, or by variable; `days` stands for `from` and `to` where a report has both.
    Raises BadParameter for an unknown name, one given twice, and a text that is not of the parameter's type.
    """
    values = _read(declared, given, today)
    _check_period({parameter.name: values.get(parameter.variable) for parameter in declared})
    return values


def takes_days(declared: Sequence[Parameter]) -> bool:
    """Whether `days` can be given: the report has `from` and `to`, and no parameter of that name."""
    names = {parameter.name for parameter in declared}
    return names.issuperset(_PERIOD) and DAYS not in names


def _read(declared: Sequence[Parameter], given: Mapping[str, str], today: date) -> dict[str, Value]:
    by_name = {key: parameter for parameter in declared for key in (parameter.variable, parameter.name)}
    values: dict[str, Value] = {}
    for name, text in _with_both_ends(declared, given, today).items():
        parameter = by_name.get(name)
        if parameter is None:
            raise _unknown(name, declared)
        if parameter.variable in values:
            raise BadParameter(parameter.name, "is given twice")
        values[parameter.variable] = _READERS[parameter.type](parameter.name, text, today)
    return values


def _unknown(name: str, declared: Sequence[Parameter]) -> BadParameter:
    near = did_you_mean(name, [*(each.name for each in declared), *([DAYS] if takes_days(declared) else [])])
    return BadParameter(name, f"this report has no such parameter{near}; it has\n{describe(declared)}")


def _with_both_ends(declared: Sequence[Parameter], given: Mapping[str, str], today: date) -> Mapping[str, str]:
    """Return what was given, with `from` and `to` in the place of `days`."""
    if DAYS not in given or not takes_days(declared):
        return given
    beside = [name for name in given if name.removesuffix("_") in _PERIOD]
    if beside:
        raise BadParameter(DAYS, f"says what {beside[0]} says too: give one of them")
    period = read_period(DAYS, given[DAYS], today)
    others = {name: text for name, text in given.items() if name != DAYS}
    return {**others, "from": period.start.isoformat(), "to": period.end.isoformat()}


def describe(declared: Sequence[Parameter]) -> str:
    """Return one line a parameter: name, type and help."""
    return "\n".join(f"  {named}: {help_}" for named, help_ in described(declared))


def described(declared: Sequence[Parameter]) -> list[tuple[str, str]]:
    """Return name and type, and help with the default, of all that can be given."""
    rows = [(f"{each.name} ({each.type})", _help(each)) for each in declared]
    return [*rows, (f"{DAYS} (days)", _DAYS_HELP)] if takes_days(declared) else rows


def _help(parameter: Parameter) -> str:
    return f"{parameter.help}{f' [default: {parameter.default}]' if parameter.default != '' else ''}"


def _check_period(values: Mapping[str, Value | None]) -> None:
    start, end = (values.get(name) for name in _PERIOD)
    if start is not None and end is not None:
        parse_period(start, end, _PERIOD)


def _day(name: str, text: str, today: date) -> str:
    """Return the day; of several the first for `from`, the last for `to`. Raises BadParameter where one day is wanted."""
    found = read_days(name, text, today)
    if found.number_of_days > 1 and name not in _PERIOD:
        raise BadParameter(name, f"{text!r} is not one day; write one, such as 2026-11-22, today or yesterday")
    return (found.end if name == _PERIOD[1] else found.start).isoformat()


def _text(name: str, text: str, _today: date) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadParameter(name, f"{text!r} is not UTF-8") from None
    return text


def _whole_number(name: str, text: str, _today: date) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadParameter(name, f"{text!r} is not a whole number") from None


_READERS: Mapping[str, Callable[[str, str, date], Value]] = {"Day": _day, "str": _text, "int": _whole_number}
